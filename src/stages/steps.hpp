/// Steps that stages share.
#pragma once

#include "kith/run/workspace.hpp"

namespace kith::stages {

/// Collective. Makes sure that an earlier stage's result is in memory, from its files if need be.
/// need_shard: who owns what; need_vectors: and vectors and centroids, which only knn looks
/// at.
void need_shard(run::Workspace& workspace);
void need_vectors(run::Workspace& workspace);
void need_lists(run::Workspace& workspace);
void need_graph(run::Workspace& workspace);
void need_members(run::Workspace& workspace);
void need_consensus(run::Workspace& workspace);
void need_held_out(run::Workspace& workspace);

/// Collective. Makes sure that the duplicates of this rank's row block are known; a census if need
/// be.
void need_census(run::Workspace& workspace);

/// Mean distance of each owned node to its neighbors.
[[nodiscard]] std::vector<float> mean_neighbor_distances(const NeighborLists& lists);

/// Collective. Exact median (lower) of non-negative values over all ranks; 0 if there are none.
[[nodiscard]] float median_over_ranks(const comm::Communicator& comm,
                                      std::span<const float> values);

}  // namespace kith::stages
