/// What an item with votes teaches, beside one that somebody has labeled.
#pragma once

#include <vector>

#include "kith/corpus/labels.hpp"
#include "kith/run/workspace.hpp"

#include "stages/heads/teaching_weight.hpp"

namespace kith::stages {

/// Collective. As choose_weight(). `weak`: what the label model says of rows; of those with a seed
/// the seed counts. Needs the shard of the stage cells.
[[nodiscard]] TeachingWeight choose_weak_weight(run::Workspace& workspace,
                                                std::vector<corpus::Seed> weak);

}  // namespace kith::stages
