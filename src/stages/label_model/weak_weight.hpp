/// What an item with votes teaches, beside one that somebody has labeled.
#pragma once

#include <vector>

#include "kith/corpus/labels.hpp"
#include "kith/run/workspace.hpp"

namespace kith::stages {

struct TriedWeight {
  double weight = 0;
  double log_loss = 0;    // of held-out seeds, a unit of weight
  double gain = 0;        // of the best of all over this one
  double gain_error = 0;  // its standard error
};

struct WeakWeight {
  double weight = 1;                 // of a weak seed; 0: votes had better not teach
  std::vector<TriedWeight> tried{};  // empty: nothing was held out
};

/// Collective. Of a few weights the one with which lda is nearest to the seeds that it has not
/// learned from. If that is above 0: of those that are as good within a standard error the one
/// nearest to 0.1. If no seed can be held out: 0.1. `weak`: what the label model says of rows; of
/// those with a seed the seed counts. Needs the shard of the stage cells.
[[nodiscard]] WeakWeight choose_weak_weight(run::Workspace& workspace,
                                            std::vector<corpus::Seed> weak);

}  // namespace kith::stages
