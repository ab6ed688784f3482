#include "kith/qa/calibration_maps.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <numeric>

namespace kith::qa {
namespace {

constexpr int kMaxIterations = 300;
constexpr std::size_t kMemory = 10;
constexpr double kSmallGradient = 1e-9;
constexpr double kSufficientDecrease = 1e-4;
constexpr int kMaxHalvings = 40;

using Vector = std::vector<double>;

double dot(const Vector& a, const Vector& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

/// a + factor b.
Vector plus(const Vector& a, double factor, const Vector& b) {
  Vector sum(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    sum[i] = a[i] + factor * b[i];
  }
  return sum;
}

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

/// Value and gradient of the penalized loss at (scale, shift).
struct Slope {
  double value = 0;
  Vector gradient;
};

class VectorScalingLoss {
 public:
  VectorScalingLoss(std::span<const double> logits, std::span<const Label> truth, int num_classes,
                    double ridge)
      : logits_{logits}, truth_{truth}, num_classes_{to_size(num_classes)}, ridge_{ridge} {}

  [[nodiscard]] Slope at(const Vector& point) const {
    const auto scale = std::span{point}.first(num_classes_);
    const auto shift = std::span{point}.last(num_classes_);
    Slope slope{0, Vector(point.size(), 0.0)};
    Vector p(num_classes_);
    for (std::size_t i = 0; i < truth_.size(); ++i) {
      const auto row = logits_.subspan(i * num_classes_, num_classes_);
      const std::size_t label = to_size(truth_[i]);
      slope.value += softmax(row, scale, shift, p) - scale[label] * row[label] - shift[label];
      for (std::size_t k = 0; k < num_classes_; ++k) {
        const double residual = p[k] - (k == label ? 1.0 : 0.0);
        slope.gradient[k] += residual * row[k];
        slope.gradient[num_classes_ + k] += residual;
      }
    }
    for (std::size_t k = 0; k < point.size(); ++k) {
      const double away = point[k] - (k < num_classes_ ? 1.0 : 0.0);
      slope.value += ridge_ * away * away / 2;
      slope.gradient[k] += ridge_ * away;
    }
    for (double& value : slope.gradient) {
      value /= static_cast<double>(truth_.size());
    }
    slope.value /= static_cast<double>(truth_.size());
    return slope;
  }

 private:
  std::span<const double> logits_;
  std::span<const Label> truth_;
  std::size_t num_classes_;
  double ridge_;
};

/// J. Nocedal's two-loop recursion (Math. Comp. 35, 1980) with steps halved until the loss falls.
class Lbfgs {
 public:
  Vector minimize(const VectorScalingLoss& loss, Vector point) {
    Slope slope = loss.at(point);
    for (int iteration = 0; iteration < kMaxIterations; ++iteration) {
      const Vector direction = descent(slope.gradient);
      const double rate = dot(direction, slope.gradient);
      if (std::sqrt(dot(slope.gradient, slope.gradient)) < kSmallGradient || rate >= 0) {
        break;
      }
      double step = 1;
      Vector next = plus(point, step, direction);
      Slope there = loss.at(next);
      for (int halving = 0;
           there.value > slope.value + kSufficientDecrease * step * rate && halving < kMaxHalvings;
           ++halving) {
        step /= 2;
        next = plus(point, step, direction);
        there = loss.at(next);
      }
      if (there.value >= slope.value) {
        break;
      }
      remember(plus(next, -1, point), plus(there.gradient, -1, slope.gradient));
      point = std::move(next);
      slope = std::move(there);
    }
    return point;
  }

 private:
  struct Change {
    Vector point;
    Vector gradient;
    double curvature = 0;
  };

  void remember(Vector point, Vector gradient) {
    const double curvature = dot(point, gradient);
    if (curvature <= 0) {
      return;
    }
    changes_.push_back({std::move(point), std::move(gradient), curvature});
    if (changes_.size() > kMemory) {
      changes_.pop_front();
    }
  }

  [[nodiscard]] Vector descent(const Vector& gradient) const {
    Vector direction = gradient;
    Vector weights(changes_.size());
    for (std::size_t i = changes_.size(); i-- > 0;) {
      weights[i] = dot(changes_[i].point, direction) / changes_[i].curvature;
      direction = plus(direction, -weights[i], changes_[i].gradient);
    }
    if (!changes_.empty()) {
      const Change& last = changes_.back();
      const double scale = last.curvature / dot(last.gradient, last.gradient);
      direction = plus(Vector(direction.size(), 0.0), scale, direction);
    }
    for (std::size_t i = 0; i < changes_.size(); ++i) {
      const double back = dot(changes_[i].gradient, direction) / changes_[i].curvature;
      direction = plus(direction, weights[i] - back, changes_[i].point);
    }
    return plus(Vector(direction.size(), 0.0), -1, direction);
  }

  std::deque<Change> changes_;
};

/// Neighboring scores with one common value.
struct Block {
  double low = 0;
  double high = 0;
  double positives = 0;
  double items = 0;

  [[nodiscard]] double mean() const { return positives / items; }
};

}  // namespace

void VectorScaling::apply(std::span<const double> logits, std::span<double> probabilities) const {
  softmax(logits, scale, shift, probabilities);
}

VectorScaling fit_vector_scaling(std::span<const double> logits, std::span<const Label> truth,
                                 int num_classes, double ridge) {
  Vector start(2 * to_size(num_classes), 0.0);
  std::fill_n(start.begin(), num_classes, 1.0);
  if (!truth.empty()) {
    start = Lbfgs{}.minimize(VectorScalingLoss{logits, truth, num_classes, ridge}, start);
  }
  const auto middle = start.begin() + num_classes;
  return {{start.begin(), middle}, {middle, start.end()}};
}

double MonotoneMap::operator()(double score) const {
  const auto above = std::upper_bound(x.begin(), x.end(), score);
  if (above == x.begin()) {
    return y.front();
  }
  if (above == x.end()) {
    return y.back();
  }
  const auto at = to_size(above - x.begin());
  const double share = (score - x[at - 1]) / (x[at] - x[at - 1]);
  return y[at - 1] + share * (y[at] - y[at - 1]);
}

MonotoneMap fit_isotonic(std::span<const double> scores,
                         std::span<const std::uint8_t> is_positive) {
  if (scores.empty()) {
    return {{0, 1}, {0, 1}};
  }
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return scores[a] < scores[b]; });
  std::vector<Block> blocks;
  for (const std::size_t i : order) {
    const double positive = is_positive[i] != 0 ? 1.0 : 0.0;
    if (!blocks.empty() && blocks.back().high == scores[i]) {
      blocks.back().positives += positive;
      blocks.back().items += 1;
    } else {
      blocks.push_back({scores[i], scores[i], positive, 1});
    }
  }
  std::vector<Block> pooled;
  for (const Block& next : blocks) {
    pooled.push_back(next);
    while (pooled.size() > 1 && pooled[pooled.size() - 2].mean() >= pooled.back().mean()) {
      const Block top = pooled.back();
      pooled.pop_back();
      pooled.back().high = top.high;
      pooled.back().positives += top.positives;
      pooled.back().items += top.items;
    }
  }
  MonotoneMap map;
  for (const Block& block : pooled) {
    map.x.push_back(block.low);
    map.y.push_back(block.mean());
    if (block.high > block.low) {
      map.x.push_back(block.high);
      map.y.push_back(block.mean());
    }
  }
  return map;
}

void IsotonicCalibration::apply(std::span<const double> row,
                                std::span<double> probabilities) const {
  double sum = 0;
  for (std::size_t k = 0; k < row.size(); ++k) {
    probabilities[k] = classes[k](row[k]);
    sum += probabilities[k];
  }
  for (double& p : probabilities) {
    p = sum > 0 ? p / sum : 1.0 / static_cast<double>(row.size());
  }
}

IsotonicCalibration fit_isotonic_classes(std::span<const double> probabilities,
                                         std::span<const Label> truth, int num_classes) {
  IsotonicCalibration calibration;
  for (int k = 0; k < num_classes; ++k) {
    std::vector<double> scores;
    std::vector<std::uint8_t> is_positive;
    for (std::size_t i = 0; i < truth.size(); ++i) {
      scores.push_back(probabilities[i * to_size(num_classes) + to_size(k)]);
      is_positive.push_back(truth[i] == Label{k} ? 1 : 0);
    }
    calibration.classes.push_back(fit_isotonic(scores, is_positive));
  }
  return calibration;
}

}  // namespace kith::qa
