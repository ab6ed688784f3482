#include "kith/calibrate/vector_scaling.hpp"

#include <algorithm>
#include <cmath>

#include "kith/calibrate/minimize.hpp"
#include "kith/core/softmax.hpp"

namespace kith::calibrate {
namespace {

/// exp(scale * logits + shift) / sum, safe from overflow; returns the log of the sum.
double softmax(std::span<const double> logits, std::span<const double> scale,
               std::span<const double> shift, std::span<double> out) {
  for (std::size_t k = 0; k < logits.size(); ++k) {
    out[k] = scale[k] * logits[k] + shift[k];
  }
  return kith::softmax(out);
}

class VectorScalingLoss {
 public:
  VectorScalingLoss(std::span<const double> logits, std::span<const Label> truth, int num_classes,
                    double ridge)
      : logits_{logits},
        truth_{truth},
        num_classes_{to_size(num_classes)},
        ridge_{ridge},
        probabilities_(num_classes_) {}

  /// The penalized loss at (scale, shift); writes its gradient.
  double at(std::span<const double> point, std::span<double> gradient) noexcept {
    const auto scale = point.first(num_classes_);
    const auto shift = point.last(num_classes_);
    double value = 0;
    std::fill(gradient.begin(), gradient.end(), 0.0);
    for (std::size_t i = 0; i < truth_.size(); ++i) {
      const auto row = logits_.subspan(i * num_classes_, num_classes_);
      const std::size_t label = to_size(truth_[i]);
      value +=
          softmax(row, scale, shift, probabilities_) - scale[label] * row[label] - shift[label];
      for (std::size_t k = 0; k < num_classes_; ++k) {
        const double residual = probabilities_[k] - (k == label ? 1.0 : 0.0);
        gradient[k] += residual * row[k];
        gradient[num_classes_ + k] += residual;
      }
    }
    const auto num_items = static_cast<double>(truth_.size());
    for (std::size_t k = 0; k < point.size(); ++k) {
      const double away = point[k] - (k < num_classes_ ? 1.0 : 0.0);
      value += ridge_ * away * away / 2;
      gradient[k] = (gradient[k] + ridge_ * away) / num_items;
    }
    return value / num_items;
  }

 private:
  std::span<const double> logits_;
  std::span<const Label> truth_;
  std::size_t num_classes_;
  double ridge_;
  std::vector<double> probabilities_;  // scratch
};

}  // namespace

void VectorScaling::apply(std::span<const double> logits, std::span<double> probabilities) const {
  softmax(logits, scale, shift, probabilities);
}

VectorScaling fit_vector_scaling(std::span<const double> logits, std::span<const Label> truth,
                                 int num_classes, double ridge) {
  std::vector<double> start(2 * to_size(num_classes), 0.0);
  std::fill_n(start.begin(), num_classes, 1.0);
  if (!truth.empty()) {
    VectorScalingLoss loss{logits, truth, num_classes, ridge};
    start = minimize([&](auto point, auto gradient) { return loss.at(point, gradient); }, start);
  }
  const auto middle = start.begin() + num_classes;
  return {{start.begin(), middle}, {middle, start.end()}};
}

}  // namespace kith::calibrate
