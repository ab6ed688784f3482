/// The files of the kNN graph.
#pragma once

#include "kith/run/workspace.hpp"

namespace kith::stages {

/// Collective. Writes the neighbor lists, and removes pieces that an earlier run with more cells
/// may have left.
void write_lists(const run::Workspace& workspace);

}  // namespace kith::stages
