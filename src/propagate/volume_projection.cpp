#include "kith/propagate/volume_projection.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace kith::propagate {

std::vector<double> volume_weights(
    const VolumeProjection& projection, std::span<const double> prior,
    const std::function<std::vector<Count>(std::span<const double>)>& count) {
  constexpr double kCloseEnough = 1e-3;
  std::vector<double> weights(prior.size(), 1.0);
  for (int step = 0; step < projection.max_steps; ++step) {
    const std::vector<Count> counts = count(weights);
    const auto total = static_cast<double>(
        std::max<Count>(1, std::accumulate(counts.begin(), counts.end(), Count{0})));
    const auto missing = [&](std::size_t label) {
      return prior[label] - static_cast<double>(counts[label]) / total;
    };
    double farthest = 0;
    for (std::size_t label = 0; label < prior.size(); ++label) {
      farthest = std::max(farthest, std::abs(missing(label)));
    }
    if (farthest < kCloseEnough) {
      break;
    }
    for (std::size_t label = 0; label < prior.size(); ++label) {
      weights[label] = std::clamp(weights[label] + projection.step * missing(label),
                                  projection.smallest, projection.largest);
    }
  }
  return weights;
}

}  // namespace kith::propagate
