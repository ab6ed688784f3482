/// From the state of a task whose rows name few labels of many to its result.
#pragma once

#include "kith/graph/graph.hpp"
#include "kith/propagate/sparse.hpp"

#include "propagate/sparse_state.hpp"

namespace kith::propagate {

/// Collective. Fills scores, labels, other, class mass and what truncation hid.
void read_result(const graph::Graph& graph, const SparseState& state, const Task& task,
                 const SparseConfig& config, TaskResult& result);

/// The same of a task without seeds. Local.
void read_nothing(const graph::Graph& graph, const Task& task, const SparseConfig& config,
                  TaskResult& result);

}  // namespace kith::propagate
