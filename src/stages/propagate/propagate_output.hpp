/// What the stage propagate leaves.
#pragma once

#include <vector>

#include "kith/ensemble/ensemble.hpp"
#include "kith/run/workspace.hpp"

#include "stages/folds.hpp"

namespace kith::stages {

using Members = std::vector<ensemble::Member>;

/// Collective. Makes sure of FoldedSeeds and Members, from the stage's file if need be.
void need_members(run::Workspace& workspace);

}  // namespace kith::stages
