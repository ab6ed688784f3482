/// Class weights that give every class its share of the nodes.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "kith/comm/communicator.hpp"
#include "kith/core/types.hpp"

namespace kith::propagate {

/// argmax_k weights_k values_k, ties to the smaller; -1 if all values are 0.
[[nodiscard]] std::int32_t weighted_best(std::span<const float> values,
                                         std::span<const double> weights);

/// Collective. Weights r with shares of argmax_k r_k u_k close to the prior: Calder et al.,
/// "Poisson learning", ICML 2020, algorithm 2, lines 8-11: at most 100 steps of r <- r + 10 (prior
/// - share) within [0.5, 2]. read: the K values of an owned row; rows of zeros do not count.
[[nodiscard]] std::vector<double> volume_weights(
    const comm::Communicator& comm, Count num_rows, std::span<const double> prior,
    const std::function<std::span<const float>(Count)>& read);

}  // namespace kith::propagate
