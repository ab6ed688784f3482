// Exact search over all ranks' nodes: for recall, for the method "exact", for nodes whose probe
// cells hold too few others.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kith/cells/cells.hpp"
#include "kith/distance/panels.hpp"

#include "entry.hpp"

namespace kith::knn {

/// Nodes of any rank with their vectors, and the cells in which to search for each one's neighbors.
struct Queries {
  std::span<const Position> positions;
  std::span<const float> vectors;  // positions x dim
  std::span<const CellId> cells;   // positions x cells_per_query; empty = every cell
  int cells_per_query = 0;
};

/// Searches this rank's nodes. Cells are packed some at a time; up to a limit what is packed is
/// kept from one search to the next.
class OwnedSearch {
 public:
  /// kept_bytes: the limit.
  explicit OwnedSearch(const cells::Shard& shard, Count kept_bytes = 0);

  /// Local, on all threads. The k nearest other nodes of each query, positions x k.
  [[nodiscard]] std::vector<Entry> search(const Queries& queries, int k);

 private:
  const cells::Shard* shard_;
  Count bytes_left_;
  std::vector<distance::Panels> panels_;  // of each owned cell; empty = not packed
};

/// Collective. Rows of each rank that all ranks compare with their own nodes in about so many
/// multiplications and additions a rank.
[[nodiscard]] Count rows_per_round(const cells::Shard& shard, double flops);

/// Collective. The k nearest other nodes of some owned rows of each rank, one list a row, in order.
/// Queries travel in rounds of bounded size; throws comm::Stopped between two if a stop was asked
/// for.
[[nodiscard]] EntryLists search_exactly(OwnedSearch& owned, const cells::Shard& shard,
                                        std::span<const std::int32_t> rows, int k);
/// Collective. The same with a search of its own.
[[nodiscard]] EntryLists search_exactly(const cells::Shard& shard,
                                        std::span<const std::int32_t> rows, int k);

}  // namespace kith::knn
