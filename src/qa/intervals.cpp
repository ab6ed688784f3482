#include "kith/qa/intervals.hpp"

#include <algorithm>
#include <cmath>

#include <boost/math/distributions/beta.hpp>
#include <boost/math/distributions/normal.hpp>

namespace kith::qa {

double normal_quantile(double probability) {
  return boost::math::quantile(boost::math::normal{}, probability);
}

Interval wilson(double successes, double trials, double confidence) {
  if (trials <= 0) {
    return {};
  }
  const double z = normal_quantile(0.5 + confidence / 2);
  const double p = successes / trials;
  const double scale = 1 + z * z / trials;
  const double center = (p + z * z / (2 * trials)) / scale;
  const double half = z / scale * std::sqrt(p * (1 - p) / trials + z * z / (4 * trials * trials));
  return {successes <= 0 ? 0.0 : std::max(0.0, center - half),
          successes >= trials ? 1.0 : std::min(1.0, center + half)};
}

Interval clopper_pearson(double successes, double trials, double confidence) {
  if (trials <= 0) {
    return {};
  }
  const double tail = (1 - confidence) / 2;
  using Beta = boost::math::beta_distribution<>;
  Interval interval;
  if (successes > 0) {
    interval.low = boost::math::quantile(Beta{successes, trials - successes + 1}, tail);
  }
  if (successes < trials) {
    interval.high = boost::math::quantile(Beta{successes + 1, trials - successes}, 1 - tail);
  }
  return interval;
}

double clopper_pearson_upper(double successes, double trials, double confidence) {
  return clopper_pearson(successes, trials, 2 * confidence - 1).high;
}

Proportion proportion(Count successes, Count trials) {
  Proportion result{successes, trials, std::nullopt, {}};
  if (trials > 0) {
    result.value = static_cast<double>(successes) / static_cast<double>(trials);
    result.interval = wilson(static_cast<double>(successes), static_cast<double>(trials));
  }
  return result;
}

}  // namespace kith::qa
