#include "kith/qa/log_pool.hpp"

#include <algorithm>
#include <cmath>

#include "kith/calibrate/minimize.hpp"
#include "kith/core/softmax.hpp"

namespace kith::qa {
namespace {

constexpr double kWeightRidge = 30;
constexpr double kShiftRidge = 4;

/// The penalized loss at (u, shifts) with weights = defaults exp(u), which are not negative.
class PoolLoss {
 public:
  PoolLoss(const PoolItems& items, std::span<const double> defaults)
      : items_{items}, defaults_{defaults}, weights_(defaults.size()), row_(items.num_classes) {}

  double at(std::span<const double> point, std::span<double> gradient) noexcept {
    const std::size_t num_members = defaults_.size();
    const auto shifts = point.subspan(num_members);
    for (std::size_t m = 0; m < num_members; ++m) {
      weights_[m] = defaults_[m] * std::exp(point[m]);
    }
    std::fill(gradient.begin(), gradient.end(), 0.0);
    double value = 0;
    for (std::size_t i = 0; i < items_.truth.size(); ++i) {
      value += add_item(i, shifts, gradient);
    }
    for (std::size_t m = 0; m < num_members; ++m) {
      const double away = weights_[m] - defaults_[m];
      value += kWeightRidge * away * away / 2;
      gradient[m] = (gradient[m] + kWeightRidge * away) * weights_[m];
    }
    for (std::size_t k = 0; k < shifts.size(); ++k) {
      value += kShiftRidge * shifts[k] * shifts[k] / 2;
      gradient[num_members + k] += kShiftRidge * shifts[k];
    }
    return value;
  }

 private:
  [[nodiscard]] std::span<const double> logs(std::size_t member, std::size_t item) const {
    const std::size_t row = member * items_.truth.size() + item;
    return items_.logs.subspan(row * items_.num_classes, items_.num_classes);
  }

  /// Returns the item's loss; adds its gradient by weights and shifts.
  double add_item(std::size_t item, std::span<const double> shifts, std::span<double> gradient) {
    std::copy(shifts.begin(), shifts.end(), row_.begin());
    for (std::size_t m = 0; m < weights_.size(); ++m) {
      const auto member = logs(m, item);
      for (std::size_t k = 0; k < row_.size(); ++k) {
        row_[k] += weights_[m] * member[k];
      }
    }
    const std::size_t label = to_size(items_.truth[item]);
    const double of_label = row_[label];
    const double log_sum = softmax(row_);
    for (std::size_t k = 0; k < row_.size(); ++k) {
      row_[k] -= k == label ? 1.0 : 0.0;
      gradient[weights_.size() + k] += row_[k];
    }
    for (std::size_t m = 0; m < weights_.size(); ++m) {
      const auto member = logs(m, item);
      for (std::size_t k = 0; k < row_.size(); ++k) {
        gradient[m] += row_[k] * member[k];
      }
    }
    return log_sum - of_label;
  }

  PoolItems items_;
  std::span<const double> defaults_;
  std::vector<double> weights_;  // scratch
  std::vector<double> row_;      // scratch
};

}  // namespace

LogPool fit_log_pool(const PoolItems& items, std::span<const double> defaults) {
  std::vector<double> point(defaults.size() + items.num_classes, 0.0);
  if (!items.truth.empty()) {
    PoolLoss loss{items, defaults};
    point =
        calibrate::minimize([&](auto at, auto gradient) { return loss.at(at, gradient); }, point);
  }
  LogPool pool;
  for (std::size_t m = 0; m < defaults.size(); ++m) {
    pool.weights.push_back(defaults[m] * std::exp(point[m]));
  }
  pool.shifts.assign(point.begin() + count_of(defaults), point.end());
  return pool;
}

}  // namespace kith::qa
