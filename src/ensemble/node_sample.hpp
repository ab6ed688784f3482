/// Some nodes of the corpus, for numbers that need no more of them.
#pragma once

#include <cstdint>
#include <vector>

#include "kith/ensemble/ensemble.hpp"

namespace kith::ensemble {

/// Owned nodes that are no seeds and belong to a sample of about `most` of all ranks' nodes, by the
/// hash of their positions; all of them if there are no more.
[[nodiscard]] std::vector<LocalId> sample_nodes(const NodeRange& nodes,
                                                std::span<const FoldedSeed> seeds, Count most,
                                                std::uint64_t seed);

/// Collective. The temperature at which a member's largest probabilities have a mean half way
/// between chance and 1, over a sample of the nodes that it reaches: what puts members on one scale
/// before any seed was held out. 1 if the rows are sparse.
[[nodiscard]] double neutral_temperature(const NodeRange& nodes, const Member& member,
                                         std::span<const FoldedSeed> seeds, std::uint64_t seed);

}  // namespace kith::ensemble
