/// How far the score of a scan may be from half the distance in direct form.
#pragma once

#include "kith/core/types.hpp"

namespace kith::distance {

/// Bounds on the rounding of Panels' score of an item y for a query x under l2, d the dimensions:
///
///     |score - |x-y|^2 / 2|  <=  e (|x-o| + |y-o|)^2 / 2,   e = (d + 8) 2^-24,
///
/// and the direct form is within a factor 1 +- e of |x-y|^2. With |y-o| <= |x-o| + |x-y| both are
/// bounds that need only the reach, |x-o|^2 / 2. Where numbers are too small for a float's
/// exponent, (d + 8) 2^-147 more.
class ScoreError {
 public:
  explicit ScoreError(Count dim)
      : relative_{static_cast<double>(dim + 8) * 0x1p-24},
        smallest_{static_cast<double>(dim + 8) * 0x1p-147} {}

  /// No item has a smaller direct distance if its score is not below this one.
  [[nodiscard]] double least_distance(float score, float reach) const {
    return 2 * (double{score} - 8 * relative_ * double{reach}) * (1 - 4 * relative_) - smallest_;
  }
  /// No item within the direct distance has a score as large as this one.
  [[nodiscard]] float most_score(float distance, float reach) const {
    const double half = double{distance} / 2;
    return static_cast<float>((half + 8 * relative_ * double{reach} + smallest_) *
                              (1 + 8 * relative_));
  }

 private:
  double relative_;
  double smallest_;
};

}  // namespace kith::distance
