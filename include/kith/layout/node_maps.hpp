/// From rows of the corpus to nodes of the graph.
#pragma once

#include <span>
#include <vector>

#include "kith/cells/cells.hpp"
#include "kith/corpus/corpus.hpp"
#include "kith/layout/row_exchange.hpp"
#include "kith/propagate/task.hpp"

namespace kith::layout {

/// Collective. Every item whose node this rank owns: the representatives and their duplicates.
/// duplicates: those of this rank's row block.
[[nodiscard]] std::vector<ItemOfNode> items_of_nodes(
    const cells::Shard& shard, std::span<const corpus::DuplicateItem> duplicates, Count num_rows);

/// Collective. The seeds on their nodes, the same on every rank, in the order of `seeds`, which is
/// that of their rows. Throws CollectiveError if it is not.
[[nodiscard]] std::vector<propagate::NodeSeed> seeds_on_nodes(const cells::Shard& shard,
                                                              std::span<const ItemOfNode> items,
                                                              std::span<const corpus::Seed> seeds);

/// First position of each rank's nodes, and the end.
[[nodiscard]] std::vector<Position> partition_of(const cells::Shard& shard, int num_ranks);

}  // namespace kith::layout
