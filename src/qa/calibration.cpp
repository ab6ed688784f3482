#include "kith/qa/calibration.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace kith::qa {
namespace {

constexpr double kSmallestProbability = 1e-12;
constexpr double kLowestTemperature = 0.05;
constexpr double kHighestTemperature = 20;
constexpr int kSearchSteps = 60;

std::span<const double> row_of(std::span<const double> rows, std::size_t index, int num_classes) {
  return rows.subspan(index * to_size(num_classes), to_size(num_classes));
}

/// Mean over items of -log softmax(logits / temperature)[label].
double loss_at(std::span<const double> logits, std::span<const Label> truth, int num_classes,
               double temperature) {
  double loss = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    const auto row = row_of(logits, i, num_classes);
    const double largest = *std::max_element(row.begin(), row.end());
    double sum = 0;
    for (const double logit : row) {
      sum += std::exp((logit - largest) / temperature);
    }
    loss += std::log(sum) - (row[to_size(truth[i])] - largest) / temperature;
  }
  return loss / static_cast<double>(truth.size());
}

int bin_of(double confidence) {
  return std::clamp(static_cast<int>(confidence * kReliabilityBins), 0, kReliabilityBins - 1);
}

}  // namespace

std::vector<ReliabilityBin> reliability(std::span<const double> probabilities,
                                        std::span<const Label> truth, int num_classes) {
  std::vector<ReliabilityBin> bins(kReliabilityBins);
  std::vector<Count> right(kReliabilityBins, 0);
  std::vector<Count> items(kReliabilityBins, 0);
  for (std::size_t i = 0; i < truth.size(); ++i) {
    const auto row = row_of(probabilities, i, num_classes);
    const auto best = std::max_element(row.begin(), row.end());
    const auto bin = to_size(bin_of(*best));
    bins[bin].mean_confidence += *best;
    ++items[bin];
    right[bin] += best - row.begin() == truth[i].value() ? 1 : 0;
  }
  for (std::size_t bin = 0; bin < bins.size(); ++bin) {
    bins[bin].low = static_cast<double>(bin) / kReliabilityBins;
    bins[bin].high = static_cast<double>(bin + 1) / kReliabilityBins;
    bins[bin].mean_confidence /= static_cast<double>(std::max<Count>(items[bin], 1));
    bins[bin].accuracy = proportion(right[bin], items[bin]);
  }
  return bins;
}

CalibrationMeasures measure_calibration(std::span<const double> probabilities,
                                        std::span<const Label> truth, int num_classes) {
  CalibrationMeasures measures;
  measures.items = count_of(truth);
  if (truth.empty()) {
    return measures;
  }
  for (std::size_t i = 0; i < truth.size(); ++i) {
    const auto row = row_of(probabilities, i, num_classes);
    measures.nll -= std::log(std::max(row[to_size(truth[i])], kSmallestProbability));
    for (int label = 0; label < num_classes; ++label) {
      const double distance = row[to_size(label)] - (label == truth[i].value() ? 1.0 : 0.0);
      measures.brier += distance * distance;
    }
  }
  const auto total = static_cast<double>(measures.items);
  measures.nll /= total;
  measures.brier /= total;
  for (const ReliabilityBin& bin : reliability(probabilities, truth, num_classes)) {
    const double gap = std::abs(bin.accuracy.value.value_or(0) - bin.mean_confidence);
    measures.ece += gap * static_cast<double>(bin.accuracy.trials) / total;
  }
  return measures;
}

double fit_temperature(std::span<const double> logits, std::span<const Label> truth,
                       int num_classes) {
  if (truth.empty()) {
    return 1;
  }
  const auto loss = [&](double log_temperature) {
    return loss_at(logits, truth, num_classes, std::exp(log_temperature));
  };
  const double ratio = 1 / std::numbers::phi;
  double low = std::log(kLowestTemperature);
  double high = std::log(kHighestTemperature);
  double left = high - ratio * (high - low);
  double right = low + ratio * (high - low);
  double left_loss = loss(left);
  double right_loss = loss(right);
  for (int step = 0; step < kSearchSteps; ++step) {
    if (left_loss < right_loss) {
      high = right;
      right = left;
      right_loss = left_loss;
      left = high - ratio * (high - low);
      left_loss = loss(left);
    } else {
      low = left;
      left = right;
      left_loss = right_loss;
      right = low + ratio * (high - low);
      right_loss = loss(right);
    }
  }
  return std::exp((low + high) / 2);
}

}  // namespace kith::qa
