/// Propagation for many classes: a row keeps its largest labels and what the others have together.
#pragma once

#include <span>
#include <vector>

#include "kith/comm/checkpoint.hpp"
#include "kith/graph/graph.hpp"
#include "kith/propagate/task.hpp"

namespace kith::propagate {

struct SparseConfig {
  int num_classes = 0;
  int top = 16;                            // labels kept a row
  comm::Checkpoint* checkpoint = nullptr;  // offered to after checks, gone on from at the start
};

/// Bytes of label state a rank needs for one task. Local nodes are owned ones and ghosts.
[[nodiscard]] Count sparse_state_bytes(Count local_nodes, const Task& task, int top);

/// Collective. One result a task, in order; one task after the other. Sweeps have the truncation of
/// S. Ravi, Q. Diao, "Large scale distributed semi-supervised learning using streaming
/// approximation", AISTATS 2016, section 3.3: a row keeps its `top` largest labels; the others
/// share its rest evenly, and a sweep counts that share for every label that a neighbor does not
/// name. Poisson's labels are centered after the sweeps, u_k = v_k - mean_k sum_l v_l, since v
/// without the mean has no negative entries. The nearest seeds of a node
/// are few by themselves: their state is the same as for dense rows. Exact while no row has more
/// than `top` labels. Cost a sweep: edges x top, and K floats of scratch a thread. The result does
/// not depend on ranks or threads. Throws Error if a task's method has no such form, and Stopped.
[[nodiscard]] std::vector<TaskResult> propagate_sparse(const graph::Graph& graph,
                                                       std::span<const Task> tasks,
                                                       const SparseConfig& config);

}  // namespace kith::propagate
