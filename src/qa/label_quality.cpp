#include <algorithm>
#include <cmath>

#include "kith/qa/label_errors.hpp"

namespace kith::qa {

double self_confidence(std::span<const float> row, Label given) {
  return double{row[to_size(given)]};
}

double normalized_margin(std::span<const float> row, Label given) {
  double other = 0;
  for (std::size_t k = 0; k < row.size(); ++k) {
    other = k == to_size(given) ? other : std::max(other, double{row[k]});
  }
  return (double{row[to_size(given)]} - other + 1) / 2;
}

double confidence_weighted_entropy(std::span<const float> row, Label given) {
  if (row[to_size(given)] <= 0) {
    return 0;
  }
  double entropy = 0;
  for (const float p : row) {
    entropy -= p > 0 ? double{p} * std::log(double{p}) : 0.0;
  }
  const double c =
      entropy / std::log(static_cast<double>(row.size())) / double{row[to_size(given)]};
  return c > 0 ? std::log1p(c) / c : 1.0;
}

}  // namespace kith::qa
