#include "kith/calibrate/isotonic.hpp"

#include <algorithm>
#include <numeric>

namespace kith::calibrate {
namespace {

/// Neighboring scores with one common value.
struct Block {
  double low = 0;
  double high = 0;
  double positives = 0;
  double items = 0;

  [[nodiscard]] double mean() const { return positives / items; }
};

}  // namespace

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

}  // namespace kith::calibrate
