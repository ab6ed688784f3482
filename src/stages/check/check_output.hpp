/// What the stage check leaves in memory.
#pragma once

#include <vector>

#include "kith/corpus/census.hpp"
#include "kith/run/workspace.hpp"

namespace kith::stages {

using Duplicates = std::vector<corpus::DuplicateItem>;  // of this rank's row block

/// Collective. Makes sure of the Duplicates; a census if need be.
void need_census(run::Workspace& workspace);

}  // namespace kith::stages
