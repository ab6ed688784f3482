#include "kith/distance/panels.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <limits>

#include "direct.hpp"

namespace kith::distance {

void Panels::pack(std::span<const float> rows, Count dim, Nearness nearness) {
  assert(dim > 0 && count_of(rows) % dim == 0);
  num_items_ = count_of(rows) / dim;
  dim_ = dim;
  nearness_ = nearness;
  values_.resize(to_size(num_panels() * dim * kPanelWidth));
  half_norms_.resize(to_size(num_panels() * kPanelWidth));
  for (Count index = 0; index < num_panels(); ++index) {
    std::array<const float*, to_size(kPanelWidth)> lanes;
    for (Count lane = 0; lane < kPanelWidth; ++lane) {
      const Count row = std::min(index * kPanelWidth + lane, num_items_ - 1);
      lanes[to_size(lane)] = rows.data() + row * dim;
    }
    pack_panel({lanes.data(), dim, values_.data() + index * dim * kPanelWidth,
                half_norms_.data() + index * kPanelWidth});
  }
  if (nearness == Nearness::inner_product) {
    std::fill(half_norms_.begin(), half_norms_.end(), 0.0F);
  }
  std::fill(half_norms_.begin() + static_cast<std::ptrdiff_t>(num_items_), half_norms_.end(),
            std::numeric_limits<float>::infinity());
}

}  // namespace kith::distance
