/// Runs all tasks over one graph in shared sweeps.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "kith/comm/checkpoint.hpp"
#include "kith/graph/graph.hpp"
#include "kith/propagate/task.hpp"

namespace kith::propagate {

struct PropagateConfig {
  int num_classes = 0;
  int top_labels = 0;  // that truncated rows keep, one task after the other; 0 = all classes
  // For the label state of this rank; 0 = no limit, on all ranks. Less: several passes. What the
  // rank with the least can hold decides for all.
  Count memory_bytes = 0;
  comm::Checkpoint* checkpoint = nullptr;  // offered to after checks, gone on from at the start
};

/// Whether rows keep fewer labels than there are classes.
[[nodiscard]] inline bool is_truncated(const PropagateConfig& config) {
  return config.top_labels > 0;
}

/// Collective. One result a task, in order. Each sweep is: for each owned node the weighted sum of
/// its neighbors' rows in stored order, the task's update, one halo push; every few sweeps one
/// allreduce. Tasks that have settled leave. Cost a sweep: edges x columns. The results do not
/// depend on ranks, threads, memory or on which other tasks run along. Truncated rows: see
/// truncated_sweeps.hpp. Throws Error if a task's method has no truncated form and needs one.
[[nodiscard]] std::vector<TaskResult> propagate(const graph::Graph& graph,
                                                std::span<const Task> tasks,
                                                const PropagateConfig& config);

/// The rows of a result: every class, or as many labels as truncated rows keep.
struct RowShape {
  int width = 0;
  bool names_labels = false;
};

/// Collective. Puts a task's result into a snapshot under `name`; takes it back on any number of
/// ranks. graph: whose owned nodes the scores are of; validates: they are of validation nodes.
void save_result(const graph::Graph& graph, const TaskResult& result, bool validates,
                 const RowShape& shape, const std::string& name, comm::StateWriter& writer);
[[nodiscard]] TaskResult load_result(const graph::Graph& graph, bool validates,
                                     const RowShape& shape, const std::string& name,
                                     const comm::StateReader& reader);

}  // namespace kith::propagate
