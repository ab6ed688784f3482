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

bool Readout::probabilities(std::span<const float> scores, std::span<double> out) const {
  if (!logits(scores, out)) {
    return false;
  }
  const double largest = *std::max_element(out.begin(), out.end());
  double sum = 0;
  for (double& value : out) {
    value = std::exp((value - largest) / temperature);
    sum += value;
  }
  for (double& value : out) {
    value /= sum;
  }
  return true;
}

}  // namespace kith::ensemble
