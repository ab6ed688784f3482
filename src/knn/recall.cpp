#include "kith/knn/recall.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "kith/comm/collectives.hpp"
#include "kith/core/random.hpp"

#include "entry.hpp"
#include "exact.hpp"

namespace kith::knn {
namespace {

/// Owned rows in the sample.
std::vector<std::int32_t> sample_rows(const cells::Shard& shard, Count num_samples,
                                      std::uint64_t seed) {
  const double chance =
      static_cast<double>(num_samples) / static_cast<double>(shard.layout.num_nodes());
  std::vector<std::int32_t> rows;
  for (std::size_t row = 0; row < shard.rows.size(); ++row) {
    if (random_uniform(seed, Purpose::recall_sample, shard.rows[row].value()) < chance) {
      rows.push_back(static_cast<std::int32_t>(row));
    }
  }
  return rows;
}

/// Entries of the row's list that count as found.
Count count_hits(const NeighborLists& lists, Count row, std::span<const Entry> exact,
                 distance::Nearness nearness) {
  Count hits = 0;
  for (Count i = row * lists.k; i < (row + 1) * lists.k; ++i) {
    const bool is_hit = nearness == distance::Nearness::l2
                            ? lists.distances[to_size(i)] <= exact.back().distance
                            : std::any_of(exact.begin(), exact.end(), [&](const Entry& entry) {
                                return entry.position == lists.neighbors[to_size(i)];
                              });
    hits += is_hit ? 1 : 0;
  }
  return hits;
}

/// Wilson's interval for a share p of `effective` independent pairs.
void set_interval(double effective, RecallEstimate& estimate) {
  constexpr double kZ = 1.959963984540054;
  const double p = estimate.recall;
  const double scale = 1 + kZ * kZ / effective;
  const double center = (p + kZ * kZ / (2 * effective)) / scale;
  const double half =
      kZ / scale * std::sqrt(p * (1 - p) / effective + kZ * kZ / (4 * effective * effective));
  estimate.low = p > 0 ? std::max(0.0, center - half) : 0;  // exact at the ends, not rounded
  estimate.high = p < 1 ? std::min(1.0, center + half) : 1;
}

}  // namespace

RecallEstimate measure_recall(const cells::Shard& shard, const NeighborLists& lists,
                              Count num_samples, std::uint64_t seed) {
  const std::vector<std::int32_t> rows = sample_rows(shard, num_samples, seed);
  const EntryLists exact = search_exactly(shard, rows, lists.k);
  std::array<Count, 3> sums{};  // nodes, hits, squared hits
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Count hits =
        count_hits(lists, rows[i], exact.of(static_cast<Count>(i)), nearness_of(shard.metric));
    sums[0] += 1;
    sums[1] += hits;
    sums[2] += hits * hits;
  }
  comm::sum_over_ranks(*shard.comm, std::span<Count>{sums});
  RecallEstimate estimate;
  estimate.num_items = sums[0];
  estimate.hits = sums[1];
  estimate.pairs = sums[0] * lists.k;
  if (estimate.pairs == 0) {
    estimate.high = 1;
    return estimate;
  }
  const auto num_items = static_cast<double>(estimate.num_items);
  const double mean_hits = static_cast<double>(sums[1]) / num_items;
  estimate.recall = mean_hits / lists.k;
  const double variance = (static_cast<double>(sums[2]) / num_items - mean_hits * mean_hits) /
                          (static_cast<double>(lists.k) * lists.k);
  const double spread = estimate.recall * (1 - estimate.recall);
  const double effective =
      variance > 0 ? std::clamp(spread / variance, 1.0, static_cast<double>(lists.k)) * num_items
                   : num_items;
  set_interval(effective, estimate);
  return estimate;
}

}  // namespace kith::knn
