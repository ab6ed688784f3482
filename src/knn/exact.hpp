// Exact search over all ranks' nodes: for recall, for the method "exact", for nodes whose probe
// cells hold too few others.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kith/cells/cells.hpp"
#include "kith/core/progress.hpp"

#include "entry.hpp"

namespace kith::knn {

/// Nodes of any rank with their vectors, and the cells in which to search for each one's neighbors.
struct Queries {
  std::span<const Position> positions;
  std::span<const float> vectors;  // positions x dim
  std::span<const CellId> cells;   // positions x cells_per_query; empty = every cell
  int cells_per_query = 0;
};

/// The k nearest other nodes of each query among this rank's, positions x k. Local. Memory: a
/// packed copy of some cells at a time.
[[nodiscard]] std::vector<Entry> search_owned(const cells::Shard& shard, const Queries& queries,
                                              int k);

/// Collective. The k nearest other nodes of some owned rows of each rank, one list a row, in order.
/// Queries travel in rounds of bounded size.
/// progress, if any, advances by this rank's queries.
[[nodiscard]] EntryLists search_exactly(const cells::Shard& shard,
                                        std::span<const std::int32_t> rows, int k,
                                        Progress* progress = nullptr);

}  // namespace kith::knn
