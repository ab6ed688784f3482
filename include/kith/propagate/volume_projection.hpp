/// Class weights that give every class its share of the rows.
#pragma once

#include <functional>
#include <limits>
#include <span>
#include <vector>

#include "kith/core/types.hpp"

namespace kith::propagate {

/// How the weights are found: w <- w + step (prior - share), within [smallest, largest], until no
/// share is off by more than 1e-3.
struct VolumeProjection {
  int max_steps;
  double step;
  double smallest;
  double largest = std::numeric_limits<double>::infinity();
};

/// J. Calder, B. Cook, M. Thorpe, D. Slepcev, "Poisson learning", ICML 2020, algorithm 2, lines
/// 8-11: within one method, whose potentials have the same scale in all classes.
constexpr VolumeProjection kPoissonVolume{100, 10, 0.5, 2};
/// J. Calder's GraphLearning, of any method's scores; at most 1,000 steps instead of 10,000.
constexpr VolumeProjection kGraphLearningVolume{1000, 0.1, 1e-3};

/// Collective if `count` is. Weights w with shares of argmax_k w_k u_k close to the prior. count:
/// how many rows have each class as the best at these weights; the same on every rank.
[[nodiscard]] std::vector<double> volume_weights(
    const VolumeProjection& projection, std::span<const double> prior,
    const std::function<std::vector<Count>(std::span<const double>)>& count);

}  // namespace kith::propagate
