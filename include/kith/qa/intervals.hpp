/// Intervals for proportions.
#pragma once

#include <optional>

#include "kith/core/interval.hpp"
#include "kith/core/types.hpp"

namespace kith::qa {

/// A share that was counted, with its 95 % Wilson interval. Zero trials: no value, the interval [0,
/// 1].
struct Proportion {
  Count successes = 0;
  Count trials = 0;
  std::optional<double> value;
  Interval interval;
};

/// Quantile of the standard normal distribution.
[[nodiscard]] double normal_quantile(double probability);

/// Score interval (E. B. Wilson, JASA 1927). successes and trials may be effective, not whole,
/// numbers.
[[nodiscard]] Interval wilson(double successes, double trials, double confidence = 0.95);

/// Exact interval (C. Clopper, E. Pearson, Biometrika 1934).
[[nodiscard]] Interval clopper_pearson(double successes, double trials, double confidence = 0.95);

/// The value that a proportion exceeds with probability 1 - confidence at most: the one-sided exact
/// bound. 1 without trials.
[[nodiscard]] double clopper_pearson_upper(double successes, double trials, double confidence);

[[nodiscard]] Proportion proportion(Count successes, Count trials);

}  // namespace kith::qa
