#include <algorithm>
#include <cmath>

#include "kith/qa/label_errors.hpp"

namespace kith::qa {

double self_confidence(const LabelRow<float>& row, Label given) {
  return double{row[given]};
}

double normalized_margin(const LabelRow<float>& row, Label given) {
  Count unnamed = row.num_others();
  double other = 0;
  bool is_named = false;
  for (std::size_t entry = 0; entry < row.values.size(); ++entry) {
    const bool is_given = row.label(entry) == given;
    is_named = is_named || is_given;
    other = is_given ? other : std::max(other, double{row.values[entry]});
  }
  unnamed -= is_named ? 0 : 1;
  other = unnamed > 0 ? std::max(other, double{row.other}) : other;
  return (double{row[given]} - other + 1) / 2;
}

double confidence_weighted_entropy(const LabelRow<float>& row, Label given) {
  const double p_given{row[given]};
  if (p_given <= 0) {
    return 0;
  }
  const auto term = [](double p) { return p > 0 ? p * std::log(p) : 0.0; };
  double entropy = 0;
  for (const float p : row.values) {
    entropy -= term(double{p});
  }
  entropy -= static_cast<double>(row.num_others()) * term(double{row.other});
  const double c = entropy / std::log(static_cast<double>(row.num_classes)) / p_given;
  return c > 0 ? std::log1p(c) / c : 1.0;
}

}  // namespace kith::qa
