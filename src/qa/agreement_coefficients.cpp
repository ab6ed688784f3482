#include "agreement_coefficients.hpp"

#include <algorithm>
#include <cmath>

#include "kith/qa/accuracy.hpp"

#include "agreement_totals.hpp"

namespace kith::qa {
namespace {

using Terms = CoefficientTerms;

double corrected(double observed, double expected) {
  return expected < 1 ? (observed - expected) / (1 - expected) : NAN;
}

}  // namespace

Chance by_chance(std::span<const double> sums, int num_classes) {
  const double items = sums[Terms::items];
  const double votes = sums[Terms::votes];
  Chance chance;
  double same_pairs = 0;
  for (std::size_t k = 0; k < to_size(num_classes); ++k) {
    const double class_votes = sums[Terms::votes_of(k)];
    const double p = class_votes / votes;
    const double share = sums[Terms::share_of(k)] / items;
    chance.fleiss += p * p;
    chance.gwet += share * (1 - share) / std::max(1, num_classes - 1);
    same_pairs += class_votes * class_votes;
  }
  chance.disagreement = (votes * votes - same_pairs) / (votes * (votes - 1));
  return chance;
}

std::vector<double> coefficients(std::span<const double> sums, int num_classes) {
  std::vector<double> result(first_class + to_size(num_classes), NAN);
  const double items = sums[Terms::items];
  const double votes = sums[Terms::votes];
  if (items <= 0) {
    return result;
  }
  for (std::size_t k = 0; k < to_size(num_classes); ++k) {
    const double p = sums[Terms::votes_of(k)] / votes;
    if (p > 0 && p < 1) {
      result[first_class + k] = 1 - sums[Terms::split_of(k)] / items / (p * (1 - p));
    }
  }
  const Chance chance = by_chance(sums, num_classes);
  const double observed = sums[Terms::pair_agreement] / items;
  result[mean_pair] = observed;
  result[fleiss] = corrected(observed, chance.fleiss);
  if (chance.disagreement > 0) {
    result[krippendorff] = 1 - sums[Terms::disagreement] / votes / chance.disagreement;
  }
  result[gwet] = corrected(observed, chance.gwet);
  if (num_classes > 1) {
    result[pabak] = (num_classes * observed - 1) / (num_classes - 1);
  }
  return result;
}

std::size_t num_intervals(int num_classes) {
  return first_class + (num_classes <= kTableClasses ? to_size(num_classes) : 0);
}

}  // namespace kith::qa
