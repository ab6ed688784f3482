/// The seeds on their nodes, dealt to folds: what heads and members of the graph learn from.
#pragma once

#include <vector>

#include "kith/ensemble/ensemble.hpp"
#include "kith/run/workspace.hpp"

namespace kith::stages {

using FoldedSeeds = std::vector<ensemble::FoldedSeed>;

/// What votes say of nodes, also of those that have a seed. Labels of one node and class are one,
/// with the sum of their weights; by node and label.
struct WeakNodes {
  std::vector<propagate::NodeSeed> seeds;
};

/// What heads learn from: the folded seeds, then the weak ones of other nodes. What a head leaves
/// open is chosen on rows that it has not seen: seeds, or, where there are none, weak seeds in
/// folds of their own if they are many. Nothing else is measured on these.
[[nodiscard]] FoldedSeeds training_entries(const run::Workspace& workspace);

/// Collective. Makes sure of FoldedSeeds and WeakNodes.
void need_folds(run::Workspace& workspace);

/// Positions of the nodes that this rank owns. The shard must be in memory.
[[nodiscard]] IdRange<Position> owned_nodes(const run::Workspace& workspace);

}  // namespace kith::stages
