#include "corpus/norms.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "kith/comm/collectives.hpp"

namespace kith::corpus {
namespace {

constexpr std::size_t kNumBins = 65536;

/// Where the order statistic lies: the bin, and how many smaller values share it.
struct Place {
  std::size_t bin = 0;
  Count index_in_bin = 0;
};

Place find_place(std::span<const Count> counts, Count index) {
  std::size_t bin = 0;
  while (index >= counts[bin]) {
    index -= counts[bin];
    ++bin;
  }
  return {bin, index};
}

/// Index of the smallest value with at least `share` of all at or below it.
Count index_of(double share, Count num_values) {
  const auto rank = static_cast<Count>(std::ceil(share * static_cast<double>(num_values)));
  return std::clamp<Count>(rank, 1, num_values) - 1;
}

/// Floats that are not negative are ordered as their bits: first by the upper half, then the lower.
std::array<float, 7> quantiles_of(const comm::Communicator& comm, std::span<const float> norms,
                                  Count num_values) {
  std::vector<Count> upper(kNumBins, 0);
  for (const float norm : norms) {
    ++upper[std::bit_cast<std::uint32_t>(norm) >> 16];
  }
  comm::sum_over_ranks(comm, std::span{upper});
  std::array<Place, 7> places{};
  for (std::size_t q = 0; q < places.size(); ++q) {
    places[q] = find_place(upper, index_of(NormSummary::kQuantiles[q], num_values));
  }
  std::vector<Count> lower(places.size() * kNumBins, 0);
  for (const float norm : norms) {
    const auto bits = std::bit_cast<std::uint32_t>(norm);
    for (std::size_t q = 0; q < places.size(); ++q) {
      if (places[q].bin == bits >> 16) {
        ++lower[q * kNumBins + (bits & 0xFFFFU)];
      }
    }
  }
  comm::sum_over_ranks(comm, std::span{lower});
  std::array<float, 7> quantiles{};
  for (std::size_t q = 0; q < places.size(); ++q) {
    const auto bins = std::span<const Count>{lower}.subspan(q * kNumBins, kNumBins);
    const std::size_t low = find_place(bins, places[q].index_in_bin).bin;
    quantiles[q] = std::bit_cast<float>(static_cast<std::uint32_t>(places[q].bin << 16 | low));
  }
  return quantiles;
}

}  // namespace

NormSummary summarize_norms(const comm::Communicator& comm, std::span<const float> norms) {
  double least = std::numeric_limits<double>::infinity();
  double most = -least;
  std::array<ExactSum, 1> sum;
  for (const float norm : norms) {
    least = std::min(least, double{norm});
    most = std::max(most, double{norm});
    sum[0].add(double{norm});
  }
  comm::sum_over_ranks(comm, std::span<ExactSum>{sum});
  const Count num_values = comm::sum_over_ranks(comm, count_of(norms));
  NormSummary summary;
  summary.min = static_cast<float>(-comm::max_over_ranks(comm, -least));
  summary.max = static_cast<float>(comm::max_over_ranks(comm, most));
  summary.mean = sum[0].value() / static_cast<double>(num_values);
  summary.quantiles = quantiles_of(comm, norms, num_values);
  return summary;
}

}  // namespace kith::corpus
