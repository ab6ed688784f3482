/// What propagate() has so far, as its checkpoint holds it.
#pragma once

#include <span>
#include <vector>

#include "kith/comm/checkpoint.hpp"
#include "kith/graph/graph.hpp"
#include "kith/propagate/propagate.hpp"

#include "propagate/pass.hpp"

namespace kith::propagate {

/// Collective. live: tasks that have not ended; the results of all others are complete.
void save_runs(const graph::Graph& graph, std::span<const Task> tasks,
               std::span<const TaskResult> results, std::span<const LiveRun> live,
               const RowShape& shape, comm::StateWriter& writer);

/// Collective. The runs that have not ended; results: filled as far as they go.
[[nodiscard]] std::vector<Run> load_runs(const graph::Graph& graph, std::span<const Task> tasks,
                                         std::span<TaskResult> results, const RowShape& shape,
                                         const comm::StateReader& reader);

}  // namespace kith::propagate
