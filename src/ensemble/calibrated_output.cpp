#include <algorithm>
#include <cmath>

#include "kith/ensemble/ensemble.hpp"

namespace kith::ensemble {
namespace {

bool is_reached(const LabelRow<float>& scores) {
  return std::any_of(scores.values.begin(), scores.values.end(),
                     [](float score) { return score != 0.0F; });
}

}  // namespace

bool CalibratedOutput::logits(const LabelRow<float>& scores, const Candidates& columns,
                              std::span<double> out) const {
  if (!is_reached(scores)) {
    std::fill(out.begin(), out.end(), 0.0);
    return false;
  }
  columns.spread(scores, out);
  for (std::size_t column = 0; column < out.size(); ++column) {
    const double score = out[column] * factors.of(columns, column);
    out[column] = takes_log ? std::log(std::max(score, kSmallestScore)) : score;
  }
  return true;
}

void CalibratedOutput::soften(const Candidates& columns, std::span<const double> logits,
                              std::span<double> out) const {
  const double largest = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (std::size_t column = 0; column < out.size(); ++column) {
    out[column] = std::exp((logits[column] - largest) / temperature);
    sum += out[column] * columns.times(column);
  }
  for (double& value : out) {
    value /= sum;
  }
}

bool CalibratedOutput::probabilities(const LabelRow<float>& scores, const Candidates& columns,
                                     std::span<double> out) const {
  if (!logits(scores, columns, out)) {
    return false;
  }
  if (calibration == Calibration::vector) {
    vector.apply(out, out);
    return true;
  }
  soften(columns, out, out);
  if (calibration == Calibration::isotonic) {
    std::vector<double> mapped(out.size());
    isotonic.apply(out, mapped);
    const auto items = static_cast<double>(fitted_items);
    for (std::size_t label = 0; label < out.size(); ++label) {
      out[label] = (items * mapped[label] + out[label]) / (items + 1);
    }
  }
  return true;
}

}  // namespace kith::ensemble
