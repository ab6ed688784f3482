/// Vote patterns from a list of (votes, count).
#pragma once

#include <cmath>
#include <map>
#include <vector>

#include "kith/label_model/vote_patterns.hpp"

namespace kith::label_model::test {

using Votes = std::vector<std::int32_t>;

inline PatternCounts patterns_of(const std::map<Votes, Count>& counts, int num_classes) {
  PatternCounts patterns;
  patterns.num_classes = num_classes;
  patterns.num_voters = static_cast<int>(counts.begin()->first.size());
  for (const auto& [votes, count] : counts) {
    patterns.votes.insert(patterns.votes.end(), votes.begin(), votes.end());
    patterns.counts.push_back(count);
  }
  return patterns;
}

/// The patterns in exactly the proportions of independent voters: each is right with its accuracy,
/// errors spread evenly, classes equally frequent. with_truth adds the truth as last voter.
inline PatternCounts independent_patterns(const std::vector<double>& accuracies, int num_classes,
                                          double items, bool with_truth = false) {
  std::map<Votes, Count> counts;
  const std::size_t voters = accuracies.size();
  const double rows = std::pow(num_classes, static_cast<double>(voters));
  for (int truth = 0; truth < num_classes; ++truth) {
    for (int row = 0; row < static_cast<int>(rows); ++row) {
      Votes votes;
      double chance = 1.0 / num_classes;
      int rest = row;
      for (std::size_t m = 0; m < voters; ++m, rest /= num_classes) {
        votes.push_back(rest % num_classes);
        chance *= votes.back() == truth ? accuracies[m] : (1 - accuracies[m]) / (num_classes - 1);
      }
      if (with_truth) {
        votes.push_back(truth);
      }
      counts[votes] += std::llround(items * chance);
    }
  }
  return patterns_of(counts, num_classes);
}

}  // namespace kith::label_model::test
