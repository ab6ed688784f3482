/// The files of the kNN graph.
#pragma once

#include "kith/core/neighbor_lists.hpp"
#include "kith/run/workspace.hpp"

namespace kith::stages {

/// Collective. Makes sure of NeighborLists, from the stage's files if need be.
void need_lists(run::Workspace& workspace);

/// Collective. Writes the lists, and removes pieces that an earlier run with more cells may have
/// left.
void write_lists(const run::Workspace& workspace);

}  // namespace kith::stages
