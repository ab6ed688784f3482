/// Steps that stages share.
#pragma once

#include "pipeline/workspace.hpp"

namespace kith::pipeline {

/// Collective. Makes sure that the duplicates of this rank's row block are known; a census if need
/// be.
void need_census(Workspace& workspace);

/// Collective. What a key may contradict in the corpus, whether or not the stage that reads it is
/// done: names of voters and shares of classes. Throws CollectiveError.
void check_settings(const Workspace& workspace);

/// Collective. The columns of corpus.slices, read once. Throws CollectiveError.
void check_groups(const Workspace& workspace);

/// Collective. knn.k against what the stage check has counted. Throws CollectiveError.
void check_neighbors(const Workspace& workspace);

/// Writes what check.json warns of.
void log_warnings(const io::Json& check_facts);

/// Mean distance of each owned node to its neighbors.
[[nodiscard]] std::vector<float> mean_neighbor_distances(const NeighborLists& lists);

/// Collective. Exact median (lower) of non-negative values over all ranks; 0 if there are none.
[[nodiscard]] float median_over_ranks(const comm::Communicator& comm,
                                      std::span<const float> values);

}  // namespace kith::pipeline
