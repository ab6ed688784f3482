#include "kith/calibrate/vector_scaling.hpp"

#include <lbfgs.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <new>

#include "kith/core/error.hpp"

namespace kith::calibrate {
namespace {

constexpr int kMaxIterations = 300;
constexpr int kMemory = 10;
constexpr double kSmallGradient = 1e-9;

/// exp(scale * logits + shift) / sum, safe from overflow; returns the log of the sum.
double softmax(std::span<const double> logits, std::span<const double> scale,
               std::span<const double> shift, std::span<double> out) {
  double largest = -INFINITY;
  for (std::size_t k = 0; k < logits.size(); ++k) {
    out[k] = scale[k] * logits[k] + shift[k];
    largest = std::max(largest, out[k]);
  }
  double sum = 0;
  for (double& value : out) {
    value = std::exp(value - largest);
    sum += value;
  }
  for (double& value : out) {
    value /= sum;
  }
  return largest + std::log(sum);
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

  /// The penalized loss at (scale, shift); writes its gradient. Does not throw: called from C.
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

/// From `point` on, where the loss is smallest, by libLBFGS on one thread: L-BFGS of J. Nocedal
/// (Math. Comp. 35, 1980) with the line search of More and Thuente.
std::vector<double> minimize(VectorScalingLoss loss, const std::vector<double>& point) {
  lbfgs_parameter_t parameters;
  lbfgs_parameter_init(&parameters);
  parameters.m = kMemory;
  parameters.epsilon = kSmallGradient;
  parameters.max_iterations = kMaxIterations;
  const auto evaluate = [](void* instance, const double* at, double* gradient, int size,
                           double /*step*/) {
    const std::size_t length = to_size(size);
    return static_cast<VectorScalingLoss*>(instance)->at({at, length}, {gradient, length});
  };
  const int size = narrow<int>(count_of(point), "parameters of a calibration");
  // libLBFGS wants its own alignment.
  const std::unique_ptr<double, decltype(&lbfgs_free)> x{lbfgs_malloc(size), &lbfgs_free};
  if (x == nullptr) {
    throw std::bad_alloc{};
  }
  std::copy(point.begin(), point.end(), x.get());
  const int status = lbfgs(size, x.get(), nullptr, evaluate, nullptr, &loss, &parameters);
  if (status == LBFGSERR_OUTOFMEMORY) {
    throw std::bad_alloc{};
  }
  // Another status says that no step lowers the loss any more, or that steps ran out: x is the
  // best.
  return {x.get(), x.get() + size};
}

}  // namespace

void VectorScaling::apply(std::span<const double> logits, std::span<double> probabilities) const {
  softmax(logits, scale, shift, probabilities);
}

VectorScaling fit_vector_scaling(std::span<const double> logits, std::span<const Label> truth,
                                 int num_classes, double ridge) {
  std::vector<double> start(2 * to_size(num_classes), 0.0);
  std::fill_n(start.begin(), num_classes, 1.0);
  if (!truth.empty()) {
    start = minimize({logits, truth, num_classes, ridge}, start);
  }
  const auto middle = start.begin() + num_classes;
  return {{start.begin(), middle}, {middle, start.end()}};
}

}  // namespace kith::calibrate
