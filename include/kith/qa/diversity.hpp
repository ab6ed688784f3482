/// Do the voters err on different items? Measures of L. Kuncheva, C. Whitaker, "Measures of
/// diversity in classifier ensembles and their relationship with the ensemble accuracy", Machine
/// Learning 51, 2003. Undefined values (say, of voters that are never wrong) are absent, not 0.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "kith/core/types.hpp"
#include "kith/label_model/dawid_skene.hpp"
#include "kith/label_model/vote_patterns.hpp"

namespace kith::qa {

/// Two voters on the items on which both vote; items may be expected, not whole, numbers.
struct PairDiversity {
  int first = 0;
  int second = 0;
  double both_right = 0;
  double first_right = 0;   // and second wrong
  double second_right = 0;  // and first wrong
  double both_wrong = 0;
  std::optional<double> q;             // Yule's Q, -1..1; 0 = independent errors
  std::optional<double> rho;           // correlation of being right
  std::optional<double> disagreement;  // share on which just one is right
  std::optional<double> double_fault;  // share on which both are wrong
  std::optional<double> kappa;         // Cohen's, of being right
};

/// All voters together, on the items on which all vote.
struct GroupDiversity {
  double items = 0;
  std::optional<double> entropy;      // 0 = all alike, 1 = as split as can be
  std::optional<double> kw;           // R. Kohavi and D. Wolpert's variance, 1996
  std::optional<double> kappa;        // interrater agreement of being right
  std::optional<double> difficulty;   // variance of the share that is right (Hansen, Salamon, 1990)
  std::optional<double> generalized;  // D. Partridge and W. Krzanowski, 1997
  std::optional<double> coincident_failure;  // CFD, the same; 1 = failures never coincide
};

struct Diversity {
  bool is_expected = false;          // by a model, not against known labels
  std::vector<PairDiversity> pairs;  // first < second, in order
  GroupDiversity group;
};

[[nodiscard]] PairDiversity pair_diversity(double both_right, double first_right,
                                           double second_right, double both_wrong);

/// items_by_right[l]: items on which exactly l of the voters are right; voters + 1 entries.
[[nodiscard]] GroupDiversity group_diversity(std::span<const double> items_by_right);

/// Against known labels. patterns: the last voter is the truth; items without it are left out.
[[nodiscard]] Diversity measure_diversity(const label_model::PatternCounts& with_truth);

/// Expected values where "right" is drawn from a model's posterior of all votes: without bias if
/// the model is right (a posterior that leaves the pair's own votes out would be biased towards
/// errors). As true as the model is: say that it is model-based. Cost O(patterns x voters^2).
/// model: fitted to `patterns`; without one there are no values.
[[nodiscard]] Diversity expected_diversity(const label_model::PatternCounts& patterns,
                                           const label_model::DawidSkene& model);

}  // namespace kith::qa
