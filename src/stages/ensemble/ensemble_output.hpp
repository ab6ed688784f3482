/// What the stage ensemble leaves in memory.
#pragma once

#include "kith/ensemble/ensemble.hpp"
#include "kith/run/workspace.hpp"

namespace kith::stages {

/// Collective. Makes sure of ensemble::Consensus; voters of the corpus are members from then on.
void need_consensus(run::Workspace& workspace);

}  // namespace kith::stages
