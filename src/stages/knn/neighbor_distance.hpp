/// How far items are from their neighbors.
#pragma once

#include <span>
#include <vector>

#include "kith/comm/communicator.hpp"
#include "kith/core/neighbor_lists.hpp"

namespace kith::stages {

/// Mean distance of each owned node to its neighbors.
[[nodiscard]] std::vector<float> mean_neighbor_distances(const NeighborLists& lists);

/// Collective. Exact median (lower) of non-negative values over all ranks; 0 if there are none.
[[nodiscard]] float median_over_ranks(const comm::Communicator& comm,
                                      std::span<const float> values);

}  // namespace kith::stages
