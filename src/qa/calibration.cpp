#include "kith/qa/calibration.hpp"

#include <algorithm>
#include <cmath>

namespace kith::qa {
namespace {

constexpr double kSmallestProbability = 1e-12;

double largest_value(const LabelRow<double>& row) {
  const double named =
      row.values.empty() ? row.other : *std::max_element(row.values.begin(), row.values.end());
  return row.num_others() > 0 ? std::max(named, row.other) : named;
}

struct TopClass {
  double confidence = 0;
  bool is_right = false;
};

std::vector<TopClass> top_classes(const LabelRows<double>& probabilities,
                                  std::span<const Label> truth) {
  std::vector<TopClass> tops;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    const LabelRow<double> row = probabilities[i];
    const auto best = std::max_element(row.values.begin(), row.values.end());
    const bool is_named = best != row.values.end();
    tops.push_back({largest_value(row),
                    is_named && row.label(to_size(best - row.values.begin())) == truth[i]});
  }
  std::stable_sort(tops.begin(), tops.end(), [](const TopClass& a, const TopClass& b) {
    return a.confidence < b.confidence;
  });
  return tops;
}

/// Ends of the bins in the sorted items.
std::vector<std::size_t> cut(std::span<const TopClass> sorted, Binning binning) {
  std::vector<std::size_t> ends;
  for (int bin = 1; bin <= kReliabilityBins; ++bin) {
    if (binning == Binning::equal_width) {
      const double high = static_cast<double>(bin) / kReliabilityBins;
      const auto at = std::partition_point(sorted.begin(), sorted.end(), [&](const TopClass& top) {
        return top.confidence < high || bin == kReliabilityBins;
      });
      ends.push_back(to_size(at - sorted.begin()));
      continue;
    }
    std::size_t end = sorted.size() * to_size(bin) / to_size(kReliabilityBins);
    while (end > 0 && end < sorted.size() && sorted[end].confidence == sorted[end - 1].confidence) {
      ++end;
    }
    if (end > (ends.empty() ? 0 : ends.back())) {
      ends.push_back(end);
    }
  }
  return ends;
}

double expected_error(std::span<const ReliabilityBin> bins, Count items) {
  double error = 0;
  for (const ReliabilityBin& bin : bins) {
    const double gap = std::abs(bin.accuracy.value.value_or(0) - bin.mean_confidence);
    error += gap * static_cast<double>(bin.accuracy.trials) / static_cast<double>(items);
  }
  return error;
}

double debiased_rms_error(std::span<const ReliabilityBin> bins, Count items) {
  double squared = 0;
  for (const ReliabilityBin& bin : bins) {
    const auto n = static_cast<double>(bin.accuracy.trials);
    const double p = bin.accuracy.value.value_or(0);
    const double gap = p - bin.mean_confidence;
    const double bias = n > 1 ? p * (1 - p) / (n - 1) : gap * gap;
    squared += (gap * gap - bias) * n / static_cast<double>(items);
  }
  return std::sqrt(std::max(0.0, squared));
}

Interval mean_interval(double sum, double squares, double items) {
  const double mean = sum / items;
  const double variance = items > 1 ? (squares / items - mean * mean) / (items - 1) : 0.0;
  const double half = normal_quantile(0.975) * std::sqrt(std::max(0.0, variance));
  return {std::max(0.0, mean - half), mean + half};
}

/// Of the row from the label's one-hot row.
double squared_distance(const LabelRow<double>& row, Label truth) {
  double sum = 0;
  bool is_named = false;
  for (std::size_t entry = 0; entry < row.values.size(); ++entry) {
    const bool is_truth = row.label(entry) == truth;
    is_named = is_named || is_truth;
    const double distance = row.values[entry] - (is_truth ? 1.0 : 0.0);
    sum += distance * distance;
  }
  sum += static_cast<double>(row.num_others()) * row.other * row.other;
  return is_named ? sum : sum + 1 - 2 * row.other;
}

}  // namespace

std::vector<ReliabilityBin> reliability(const LabelRows<double>& probabilities,
                                        std::span<const Label> truth, Binning binning) {
  const std::vector<TopClass> sorted = top_classes(probabilities, truth);
  std::vector<ReliabilityBin> bins;
  std::size_t begin = 0;
  for (const std::size_t end : cut(sorted, binning)) {
    ReliabilityBin& bin = bins.emplace_back();
    Count right = 0;
    for (std::size_t i = begin; i < end; ++i) {
      bin.mean_confidence += sorted[i].confidence;
      right += sorted[i].is_right ? 1 : 0;
    }
    const auto items = static_cast<Count>(end - begin);
    bin.accuracy = proportion(right, items);
    bin.mean_confidence = items > 0 ? bin.mean_confidence / static_cast<double>(items) : 0.0;
    const auto index = static_cast<double>(bins.size());
    const bool is_equal_width = binning == Binning::equal_width;
    bin.low = is_equal_width ? (index - 1) / kReliabilityBins : sorted[begin].confidence;
    bin.high = is_equal_width ? index / kReliabilityBins
                              : sorted[end < sorted.size() ? end : end - 1].confidence;
    begin = end;
  }
  return bins;
}

CalibrationMeasures measure_calibration(const LabelRows<double>& probabilities,
                                        std::span<const Label> truth) {
  CalibrationMeasures measures;
  measures.items = count_of(truth);
  if (truth.empty()) {
    return measures;
  }
  double nll_squares = 0;
  double brier_squares = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    const LabelRow<double> row = probabilities[i];
    const double nll = -std::log(std::max(row[truth[i]], kSmallestProbability));
    const double brier = squared_distance(row, truth[i]);
    measures.nll += nll;
    measures.brier += brier;
    nll_squares += nll * nll;
    brier_squares += brier * brier;
  }
  const auto total = static_cast<double>(measures.items);
  measures.nll_interval = mean_interval(measures.nll, nll_squares, total);
  measures.brier_interval = mean_interval(measures.brier, brier_squares, total);
  measures.nll /= total;
  measures.brier /= total;
  measures.ece = expected_error(reliability(probabilities, truth), measures.items);
  const auto mass = reliability(probabilities, truth, Binning::equal_mass);
  measures.ece_mass = expected_error(mass, measures.items);
  measures.rms_error = debiased_rms_error(mass, measures.items);
  return measures;
}

}  // namespace kith::qa
