/// What members say of one item, joined. One value a column of its candidates.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "kith/ensemble/candidates.hpp"

namespace kith::ensemble {

inline constexpr Count kNodesPerChunk = 1024;  // of loops over nodes

/// The class of the largest value, ties to the smaller; none without a class that is named.
inline Label best_label(const Candidates& columns, std::span<const double> values) {
  const auto named = values.first(columns.num_named());
  const auto best = std::max_element(named.begin(), named.end());
  return best == named.end() ? Label{} : columns.label(to_size(best - named.begin()));
}

/// In nats; 0 where no class is possible.
inline double entropy(const Candidates& columns, std::span<const double> distribution) {
  double sum = 0;
  for (std::size_t column = 0; column < distribution.size(); ++column) {
    const double p = distribution[column];
    sum -= p > 0 ? columns.times(column) * (p * std::log(p)) : 0.0;
  }
  return std::max(0.0, sum);
}

/// A sum of members' probabilities, or of their logarithms, that becomes their weighted mean.
struct Mean {
  std::vector<double> values;
  double weight = 0;

  void clear(std::size_t width) {
    values.assign(width, 0.0);
    weight = 0;
  }
  void add(std::span<const double> probabilities, double of_member) {
    weight += of_member;
    for (std::size_t column = 0; column < values.size(); ++column) {
      values[column] += of_member * probabilities[column];
    }
  }
  void finish() {
    for (double& value : values) {
      value /= weight > 0 ? weight : 1.0;
    }
  }
};

/// Scales by the classes' factors and to sum 1.
inline void balance(const Candidates& columns, const ClassFactors& factors,
                    std::span<double> distribution) {
  double sum = 0;
  for (std::size_t column = 0; column < distribution.size(); ++column) {
    distribution[column] *= factors.of(columns, column);
    sum += columns.times(column) * distribution[column];
  }
  for (double& p : distribution) {
    p /= sum > 0 ? sum : 1.0;
  }
}

}  // namespace kith::ensemble
