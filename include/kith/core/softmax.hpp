/// From logarithms to probabilities.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>

namespace kith {

/// row <- exp(row) / sum, in place and safe from overflow; returns the logarithm of the sum. The
/// row is not empty.
inline double softmax(std::span<double> row) {
  const double largest = *std::max_element(row.begin(), row.end());
  double sum = 0;
  for (double& value : row) {
    value = std::exp(value - largest);
    sum += value;
  }
  for (double& value : row) {
    value /= sum;
  }
  return largest + std::log(sum);
}

}  // namespace kith
