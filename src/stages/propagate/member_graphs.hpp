/// Members on the shared graph, on graphs of other vectors, and on variants of these with fewer
/// neighbors or other weights.
#pragma once

#include <vector>

#include "kith/comm/checkpoint.hpp"
#include "kith/propagate/task.hpp"
#include "kith/run/workspace.hpp"

namespace kith::stages {

/// Collective. Runs the tasks of all members, each on its member's graph, and returns their results
/// in order, their scores on the nodes of the shared graph. Tasks whose graphs are the same share
/// the sweeps; a variant is built from the neighbor lists, another graph read from its run, and
/// dropped after its sweeps. Their memory: that of the shared graph once more, twice for a variant
/// of another graph. The checkpoint is used where all members have the same graph.
[[nodiscard]] std::vector<propagate::TaskResult> propagate_members(
    run::Workspace& workspace, std::vector<propagate::Task> tasks, comm::Checkpoint& checkpoint);

}  // namespace kith::stages
