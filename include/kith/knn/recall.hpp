/// How many of the true nearest neighbors the lists hold, measured on a sample of nodes.
#pragma once

#include <cstdint>

#include "kith/cells/cells.hpp"
#include "kith/knn/knn.hpp"

namespace kith::knn {

/// recall = hits / pairs with a 95 % interval; the same on every rank, for any number of ranks.
struct RecallEstimate {
  Count hits = 0;
  Count pairs = 0;
  double recall = 0;
  double low = 0;
  double high = 0;
  Count num_items = 0;  // sampled nodes
};

/// Collective. Compares the lists of about `num_samples` nodes with exact search over all ranks'
/// nodes.
///
/// Nodes are sampled by a hash of their row, each with the same chance. An entry is a hit if it is
/// no farther than the exact k-th neighbor (under inner_product: if it is one of the exact k), so
/// that ties do not count as misses. Interval: Wilson (1927) at 95 % with the effective number of
/// pairs, which takes the k entries of a node for correlated: p(1-p) n / s^2 for n nodes whose
/// recalls have variance s^2, or n if s^2 = 0. Cost: num_samples x nodes x dim, shared by all
/// ranks.
[[nodiscard]] RecallEstimate measure_recall(const cells::Shard& shard, const NeighborLists& lists,
                                            Count num_samples, std::uint64_t seed);

}  // namespace kith::knn
