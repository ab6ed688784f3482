/// What members say of one item, joined.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

namespace kith::ensemble {

inline std::int32_t best_index(std::span<const double> distribution) {
  return static_cast<std::int32_t>(std::max_element(distribution.begin(), distribution.end()) -
                                   distribution.begin());
}

/// A sum of members' probabilities that becomes their weighted mean.
struct Mean {
  std::vector<double> values;
  double weight = 0;

  explicit Mean(std::size_t width) : values(width) {}
  void clear() {
    std::fill(values.begin(), values.end(), 0.0);
    weight = 0;
  }
  void add(std::span<const double> probabilities, double of_member) {
    weight += of_member;
    for (std::size_t label = 0; label < values.size(); ++label) {
      values[label] += of_member * probabilities[label];
    }
  }
  void finish() {
    for (double& value : values) {
      value /= weight > 0 ? weight : 1.0;
    }
  }
};

/// Scales by the factors, raises to 1 / temperature, and scales to sum 1.
inline void balance(std::span<const double> factors, double temperature,
                    std::span<double> distribution) {
  double sum = 0;
  for (std::size_t label = 0; label < distribution.size(); ++label) {
    const double p = distribution[label] * factors[label];
    distribution[label] = temperature == 1 ? p : std::pow(p, 1 / temperature);
    sum += distribution[label];
  }
  for (double& p : distribution) {
    p /= sum > 0 ? sum : 1.0;
  }
}

}  // namespace kith::ensemble
