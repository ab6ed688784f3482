/// Tasks that share an engine from their first sweep to their last.
#pragma once

#include <vector>

#include "kith/graph/components.hpp"
#include "kith/graph/graph.hpp"
#include "kith/propagate/task.hpp"

namespace kith::propagate {

/// The engines, by what their state is like.
enum class Kind { sweeps, conjugate_gradient, nearest_seeds };

/// One task on its way through its phases.
struct Run {
  const Task* task;
  TaskResult* result;
  int phase = 0;
  std::vector<float> state;  // owned nodes x K: where the phase before ended
  int sweeps_before = 0;
  int quiet_checks = 0;
  Count right = 0;  // watched nodes that the last check found right
  TaskResult best;  // early_stop: scores at the best check of the family
  bool running = true;
};

[[nodiscard]] Kind kind_of(const Task& task);

/// Collective. Runs tasks of one kind, whose columns fit into memory together, until each has a
/// reason to stop. Returns those that have another phase before them.
[[nodiscard]] std::vector<Run> run_pass(const graph::Graph& graph,
                                        const graph::Components& components, std::vector<Run> runs,
                                        int num_classes);

}  // namespace kith::propagate
