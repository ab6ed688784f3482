#include <algorithm>
#include <cmath>

#include "kith/ensemble/ensemble.hpp"

namespace kith::ensemble {
namespace {

bool is_reached(std::span<const float> scores) {
  return std::any_of(scores.begin(), scores.end(), [](float score) { return score != 0.0F; });
}

}  // namespace

bool Readout::logits(std::span<const float> scores, std::span<double> out) const {
  if (!is_reached(scores)) {
    std::fill(out.begin(), out.end(), 0.0);
    return false;
  }
  for (std::size_t label = 0; label < out.size(); ++label) {
    const double score = scores[label] * factors[label];
    out[label] = takes_log ? std::log(std::max(score, kSmallestScore)) : score;
  }
  return true;
}

void Readout::soften(std::span<const double> logits, std::span<double> out) const {
  const double largest = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (std::size_t label = 0; label < out.size(); ++label) {
    out[label] = std::exp((logits[label] - largest) / temperature);
    sum += out[label];
  }
  for (double& value : out) {
    value /= sum;
  }
}

bool Readout::probabilities(std::span<const float> scores, std::span<double> out) const {
  if (!logits(scores, out)) {
    return false;
  }
  if (calibration == Calibration::vector) {
    vector.apply(out, out);
    return true;
  }
  soften(out, out);
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
