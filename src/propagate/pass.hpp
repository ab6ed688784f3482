/// Tasks that share an engine from their first sweep to their last.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "kith/graph/components.hpp"
#include "kith/graph/graph.hpp"
#include "kith/propagate/propagate.hpp"
#include "kith/propagate/task.hpp"

#include "propagate/engine.hpp"

namespace kith::propagate {

/// The engines, by what their state is like.
enum class Kind { sweeps, conjugate_gradient, shortest_paths, truncated_sweeps, truncated_paths };

/// What the tasks of one cross-validation group have found together, the same for all of them.
struct GroupState {
  Count num_nodes = 0;       // validation nodes of all its tasks
  Count right_of_ended = 0;  // of these, found right by runs that ended before this pass
  // early_stop: the check that was best; -1 = none yet.
  Count best_right = -1;
  int best_sweep = 0;
  int checks_since = 0;
};

/// One task on its way through its phases.
struct Run {
  const Task* task;
  TaskResult* result;
  int phase = 0;
  std::vector<float> state;  // owned nodes x K: where the phase before ended
  int sweeps_before = 0;
  int quiet_checks = 0;
  Count right = 0;              // validation nodes that the last check found right
  TaskResult best;              // early_stop: scores at the best check of the group
  bool running = true;          // false: it has ended, but its group may go back to its best sweep
  int sweep = 0;                // of this phase: where it goes on; 0 = it begins
  std::vector<std::byte> rows;  // of the engine that it goes on from
  std::vector<double> numbers;  // likewise
  bool leads = false;           // is the first run of its group
  GroupState group;
};

/// A run and the engine that has its state, if it is not in the run itself.
struct LiveRun {
  const Run* run;
  const Engine* engine = nullptr;
  std::size_t index = 0;
};
/// Collective, between sweeps. Runs of the pass that have not ended, have another phase, or whose
/// group may go back to its best sweep.
using Offer = std::function<void(std::span<const LiveRun>)>;

[[nodiscard]] Kind kind_of(const Task& task, const PropagateConfig& config);

/// Collective. Runs tasks of one kind, at the same sweep, whose columns fit into memory together,
/// until each has a reason to stop. Returns those that have another phase before them. offer:
/// called after every check.
[[nodiscard]] std::vector<Run> run_pass(const graph::Graph& graph,
                                        const graph::Components& components, std::vector<Run> runs,
                                        const PropagateConfig& config, const Offer& offer);

}  // namespace kith::propagate
