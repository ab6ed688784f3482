/// Weak supervision: items that nobody has labeled teach by the votes on them.
#pragma once

#include <vector>

#include "kith/corpus/labels.hpp"
#include "kith/run/workspace.hpp"

namespace kith::stages {

/// What the stage label_model leaves.
struct WeakSeeds {
  std::vector<corpus::Seed>
      seeds;  // soft, by row; the same on every rank; none: nothing teaches by votes
};

/// Collective. Makes sure of WeakSeeds.
void need_weak_seeds(run::Workspace& workspace);

}  // namespace kith::stages
