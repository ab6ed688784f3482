/// Weak supervision: items that nobody has labeled teach by the votes on them.
#pragma once

#include <optional>
#include <vector>

#include "kith/corpus/labels.hpp"
#include "kith/run/workspace.hpp"

#include "stages/votes/votes_report.hpp"

namespace kith::stages {

/// What the stage label_model leaves.
struct WeakSeeds {
  std::vector<corpus::Seed>
      seeds;  // soft, by row; the same on every rank; none: nothing teaches by votes
};

/// Collective. Makes sure of WeakSeeds.
void need_weak_seeds(run::Workspace& workspace);

/// Collective. The label models of corpus.votes and corpus.answers, fitted once a process. They
/// learn from votes alone, so that what they say of seeds that are held out is no echo of these.
/// Empty where no item has a vote and something else teaches; else that is one sentence.
const std::optional<VotesReport>& need_votes_report(run::Workspace& workspace);

}  // namespace kith::stages
