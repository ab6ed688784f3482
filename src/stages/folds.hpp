/// The seeds on their nodes, dealt to folds: what heads and members of the graph learn from.
#pragma once

#include <vector>

#include "kith/ensemble/ensemble.hpp"
#include "kith/run/workspace.hpp"

namespace kith::stages {

using FoldedSeeds = std::vector<ensemble::FoldedSeed>;

/// Collective. Makes sure of FoldedSeeds.
void need_folds(run::Workspace& workspace);

/// Positions of the nodes that this rank owns. The shard must be in memory.
[[nodiscard]] IdRange<Position> owned_nodes(const run::Workspace& workspace);

}  // namespace kith::stages
