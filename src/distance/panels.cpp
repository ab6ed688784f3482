#include "kith/distance/panels.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <functional>
#include <limits>

#include "direct.hpp"

namespace kith::distance {
namespace {

/// The mean of at most 64 rows, evenly spread.
std::vector<float> mean_of(std::span<const float> rows, Count dim) {
  constexpr Count kMostRows = 64;
  const Count num_rows = count_of(rows) / dim;
  const Count num_used = std::min(num_rows, kMostRows);
  std::vector<double> sums(to_size(dim), 0);
  for (Count i = 0; i < num_used; ++i) {
    const auto row = rows.subspan(to_size(i * num_rows / num_used * dim), to_size(dim));
    std::transform(row.begin(), row.end(), sums.begin(), sums.begin(), std::plus{});
  }
  std::vector<float> mean(to_size(dim));
  std::transform(sums.begin(), sums.end(), mean.begin(), [&](double sum) {
    return static_cast<float>(sum / static_cast<double>(std::max<Count>(1, num_used)));
  });
  return mean;
}

}  // namespace

void Panels::pack(std::span<const float> rows, Count dim, Nearness nearness) {
  assert(dim > 0 && count_of(rows) % dim == 0);
  num_items_ = count_of(rows) / dim;
  dim_ = dim;
  nearness_ = nearness;
  origin_ = nearness == Nearness::l2 ? mean_of(rows, dim) : std::vector<float>(to_size(dim), 0);
  values_.resize(to_size(num_panels() * dim * kPanelWidth));
  half_norms_.resize(to_size(num_panels() * kPanelWidth));
  for (Count index = 0; index < num_panels(); ++index) {
    std::array<const float*, to_size(kPanelWidth)> lanes{};
    for (Count lane = 0; lane < kPanelWidth; ++lane) {
      const Count row = std::min(index * kPanelWidth + lane, num_items_ - 1);
      lanes[to_size(lane)] = rows.data() + row * dim;
    }
    pack_panel({lanes.data(), origin_.data(), dim, values_.data() + index * dim * kPanelWidth,
                half_norms_.data() + index * kPanelWidth});
  }
  if (nearness == Nearness::inner_product) {
    std::fill(half_norms_.begin(), half_norms_.end(), 0.0F);
  }
  const auto padding = half_norms_.begin() + static_cast<std::ptrdiff_t>(num_items_);
  std::fill(padding, half_norms_.end(), std::numeric_limits<float>::infinity());
  most_half_norm_ = num_items_ > 0 ? *std::max_element(half_norms_.begin(), padding) : 0;
}

}  // namespace kith::distance
