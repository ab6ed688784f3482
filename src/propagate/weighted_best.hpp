/// The best class of a row under class weights.
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

/// Collective. How many rows of all ranks have each class as their best. read: the K values of an
/// owned row; rows of zeros do not count.
[[nodiscard]] std::vector<Count> count_best(
    const comm::Communicator& comm, Count num_rows, std::span<const double> weights,
    const std::function<std::span<const float>(Count)>& read);

}  // namespace kith::propagate
