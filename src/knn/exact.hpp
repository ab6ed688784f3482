// Exact search over all ranks' nodes: for recall, for the method "exact", for nodes whose probe
// cells hold too few others.
#pragma once

#include <cstdint>
#include <span>

#include "kith/cells/cells.hpp"
#include "kith/core/progress.hpp"

#include "entry.hpp"

namespace kith::knn {

/// Collective. The k nearest other nodes of some owned rows of each rank, one list a row, in order.
/// Queries travel in rounds of bounded size. Memory: a packed copy of the owned vectors.
/// progress, if any, advances by this rank's queries.
[[nodiscard]] EntryLists search_exactly(const cells::Shard& shard,
                                        std::span<const std::int32_t> rows, int k,
                                        Progress* progress = nullptr);

}  // namespace kith::knn
