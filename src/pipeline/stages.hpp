/// Steps that stages share.
#pragma once

#include "pipeline/workspace.hpp"

namespace kith::pipeline {

/// Collective. Makes sure that the duplicates of this rank's row block are known; a census if need
/// be.
void need_census(Workspace& workspace);

/// Mean distance of each owned node to its neighbors.
[[nodiscard]] std::vector<float> mean_neighbor_distances(const NeighborLists& lists);

/// Collective. Exact median (lower) of non-negative values over all ranks; 0 if there are none.
[[nodiscard]] float median_over_ranks(const comm::Communicator& comm,
                                      std::span<const float> values);

}  // namespace kith::pipeline
