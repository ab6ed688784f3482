/// What an item that somebody else speaks for, votes or another corpus, counts beside a seed.
#pragma once

#include <span>
#include <vector>

#include "kith/corpus/labels.hpp"
#include "kith/heads/heads.hpp"
#include "kith/io/json.hpp"
#include "kith/run/workspace.hpp"

namespace kith::stages {

struct TriedWeight {
  double weight = 0;
  double log_loss = 0;    // of held-out seeds, a unit of weight
  double gain = 0;        // of the best of all over this one
  double gain_error = 0;  // its standard error
};

struct TeachingWeight {
  double weight = 1;                 // 0: such items had better not teach
  std::vector<TriedWeight> tried{};  // empty: nothing was held out
};

/// Collective. Of a few weights the one with which lda is nearest to the seeds that it has not
/// learned from. If that is above 0: of those that are as good within a standard error the one
/// nearest to 0.1. If no seed can be held out: 0.1. training: rows of FoldedSeeds first; the first
/// num_fixed labels stay as they are, the others are multiplied by what is tried. Cost: 6 fits of
/// lda, each on one rank.
[[nodiscard]] TeachingWeight choose_weight(const run::Workspace& workspace,
                                           const heads::TrainingSet& training,
                                           std::size_t num_fixed, bool unit_rows);

/// What the weights of such items are multiplied with, class by class, so that classes have the
/// shares that they have among the seeds, and an item weighs as much as a seed does in the mean:
/// rules and other corpora see some classes more often than this one does. At most 4 seeds, as a
/// class of which little is seen stays one of little. of_classes: the weights of such items, one
/// sum a class; seeds: there are some.
[[nodiscard]] std::vector<double> factors_as_seeds(std::span<const corpus::Seed> seeds,
                                                   std::span<const double> of_classes);

[[nodiscard]] io::Json to_json(const TeachingWeight& chosen);

}  // namespace kith::stages
