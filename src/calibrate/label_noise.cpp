#include "kith/calibrate/label_noise.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include <boost/math/tools/roots.hpp>

namespace kith::calibrate {
namespace {

constexpr double kSmallestProbability = 1e-12;
constexpr double kHighestRate = 0.5;
constexpr double kLowestLog = -3;  // of the temperature
constexpr double kHighestLog = 3;
constexpr int kCoarseSteps = 24;
constexpr int kFineSteps = 30;
constexpr int kRateSteps = 40;
constexpr double kProfileStep = 0.1;     // of the logarithm
constexpr int kProfileSteps = 120;       // from end to end of the temperatures, and as far again
constexpr double kWilksDrop = 1.920729;  // half the 95 % quantile of chi squared, 1 degree

/// An interval that holds a zero of f, 2^-kRateSteps of what is given. f differs in sign at its
/// ends.
template <class F>
std::pair<double, double> bisect(const F& f, double low, double high) {
  boost::uintmax_t evaluations = kRateSteps + 3;  // Boost counts three for the ends
  return boost::math::tools::bisect(
      f, low, high, [](double /*low*/, double /*high*/) { return false; }, evaluations);
}

/// Labels and the logarithms of their probabilities.
class NoiseModel {
 public:
  NoiseModel(LabelRows<double> probabilities, std::span<const Label> given)
      : given_{given},
        others_{std::max(1.0, probabilities.num_classes - 1.0)},
        logs_{std::move(probabilities)},
        right_(given.size()) {
    for (std::vector<double>* values : {&logs_.values, &logs_.other}) {
      for (double& p : *values) {
        p = std::log(std::max(p, kSmallestProbability));
      }
    }
  }

  /// Sets the probabilities of the given labels at a temperature.
  void heat(double log_temperature) {
    const double inverse = std::exp(-log_temperature);
    log_prior_ = -log_temperature * log_temperature / 2;
    for (std::size_t i = 0; i < given_.size(); ++i) {
      const LabelRow<double> row = logs_[i];
      const auto num_others = static_cast<double>(row.num_others());
      double largest = num_others > 0 ? row.other : row.values.front();
      for (const double value : row.values) {
        largest = std::max(largest, value);
      }
      double sum = num_others > 0 ? num_others * std::exp((row.other - largest) * inverse) : 0.0;
      for (const double value : row.values) {
        sum += std::exp((value - largest) * inverse);
      }
      right_[i] = std::exp((row[given_[i]] - largest) * inverse) / sum;
    }
  }

  [[nodiscard]] double log_likelihood(double rate) const {
    double sum = log_prior_;
    for (const double right : right_) {
      sum += std::log(std::max(right + rate * gain(right), kSmallestProbability));
    }
    return sum;
  }
  /// The likeliest rate: the likelihood is concave in it.
  [[nodiscard]] double best_rate() const {
    if (slope(0) <= 0) {
      return 0;
    }
    if (slope(kHighestRate) >= 0) {
      return kHighestRate;
    }
    const auto [low, high] = bisect([this](double rate) { return slope(rate); }, 0, kHighestRate);
    return (low + high) / 2;
  }
  /// The rate between `inside`, where the likelihood is at least `least`, and `outside`, where it
  /// falls to it.
  [[nodiscard]] double edge(double inside, double outside, double least) const {
    const auto above = [&](double rate) { return log_likelihood(rate) - least; };
    if (above(outside) >= 0) {
      return outside;
    }
    if (above(inside) <= 0) {
      return inside;
    }
    const auto [low, high] = bisect(above, std::min(inside, outside), std::max(inside, outside));
    return inside < outside ? low : high;
  }
  [[nodiscard]] std::vector<double> wrong(double rate) const {
    std::vector<double> chances;
    for (const double right : right_) {
      const double by_noise = rate * (1 - right) / others_;
      const double all = (1 - rate) * right + by_noise;
      chances.push_back(all > 0 ? by_noise / all : 0.0);
    }
    return chances;
  }

 private:
  /// Slope of the probability of the given label in the rate.
  [[nodiscard]] double gain(double right) const { return (1 - right) / others_ - right; }
  [[nodiscard]] double slope(double rate) const {
    double sum = 0;
    for (const double right : right_) {
      sum += gain(right) / std::max(right + rate * gain(right), kSmallestProbability);
    }
    return sum;
  }

  std::span<const Label> given_;
  double others_;
  LabelRows<double> logs_;
  std::vector<double> right_;
  double log_prior_ = 0;
};

struct Peak {
  double log_temperature = 0;
  double rate = 0;
  double log_likelihood = 0;
};

Peak at_temperature(NoiseModel& model, double log_temperature) {
  model.heat(log_temperature);
  const double rate = model.best_rate();
  return {log_temperature, rate, model.log_likelihood(rate)};
}

/// The best of a coarse grid of temperatures, then golden section around it.
Peak find_peak(NoiseModel& model) {
  constexpr double kStep = (kHighestLog - kLowestLog) / kCoarseSteps;
  Peak best = at_temperature(model, kLowestLog);
  for (int step = 1; step <= kCoarseSteps; ++step) {
    const Peak next = at_temperature(model, kLowestLog + step * kStep);
    best = next.log_likelihood > best.log_likelihood ? next : best;
  }
  const double ratio = 1 / std::numbers::phi;
  double low = std::max(kLowestLog, best.log_temperature - kStep);
  double high = std::min(kHighestLog, best.log_temperature + kStep);
  Peak left = at_temperature(model, high - ratio * (high - low));
  Peak right = at_temperature(model, low + ratio * (high - low));
  for (int step = 0; step < kFineSteps; ++step) {
    if (left.log_likelihood > right.log_likelihood) {
      high = right.log_temperature;
      right = left;
      left = at_temperature(model, high - ratio * (high - low));
    } else {
      low = left.log_temperature;
      left = right;
      right = at_temperature(model, low + ratio * (high - low));
    }
  }
  return left.log_likelihood > right.log_likelihood ? left : right;
}

}  // namespace

LabelNoise fit_label_noise(const LabelRows<double>& probabilities, std::span<const Label> given) {
  if (given.empty() || probabilities.num_classes < 2) {
    return {};
  }
  NoiseModel model{probabilities, given};
  const Peak peak = find_peak(model);
  return {std::exp(peak.log_temperature), peak.rate};
}

LabelSuspicion suspect_labels(const LabelRows<double>& probabilities,
                              std::span<const Label> given) {
  LabelSuspicion found;
  found.wrong.assign(given.size(), 0.0);
  if (given.empty() || probabilities.num_classes < 2) {
    return found;
  }
  NoiseModel model{probabilities, given};
  const Peak peak = find_peak(model);
  const double least = peak.log_likelihood - kWilksDrop;
  found.rate = {peak.rate, peak.rate};
  double highest_at = peak.log_temperature;
  for (const double direction : {-kProfileStep, kProfileStep}) {
    for (int step = 0; step <= kProfileSteps; ++step) {
      const Peak here = at_temperature(model, peak.log_temperature + direction * step);
      if (!(here.log_likelihood >= least)) {
        break;
      }
      found.rate.low = std::min(found.rate.low, model.edge(here.rate, 0, least));
      const double high = model.edge(here.rate, kHighestRate, least);
      if (high > found.rate.high) {
        found.rate.high = high;
        highest_at = here.log_temperature;
      }
    }
  }
  model.heat(highest_at);
  found.wrong = model.wrong(found.rate.high);
  return found;
}

double accuracy_without_noise(double agreeing, double rate, int num_classes) {
  const double by_chance = rate / std::max(1.0, num_classes - 1.0);
  const double informative = 1 - rate - by_chance;  // none where two classes are mixed evenly
  return informative > 0 ? std::clamp((agreeing - by_chance) / informative, 0.0, 1.0) : 1.0;
}

}  // namespace kith::calibrate
