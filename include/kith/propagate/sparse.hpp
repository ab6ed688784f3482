/// Propagation for many classes: a row keeps its largest labels and what the others have together.
#pragma once

#include <vector>

#include "kith/graph/graph.hpp"
#include "kith/propagate/task.hpp"

namespace kith::propagate {

struct SparseConfig {
  int num_classes = 0;
  int top = 16;  // labels kept a row
};

/// Rows of the top labels, largest first, ties to the smaller label.
struct SparseScores {
  int top = 0;
  std::vector<Label> labels;  // owned nodes x top; none behind the last
  std::vector<float> values;  // owned nodes x top
  std::vector<float> rest;    // owned nodes: what all other labels have together
};

struct SparseResult {
  /// Rows with their rest are distributions (poisson: potentials of the labels kept, rest 0); all
  /// none where no label came.
  SparseScores scores;
  /// Mean and largest share of a reached row that is in its rest: what truncation has hidden.
  double mean_rest = 0;
  double largest_rest = 0;
  StopReason stop = StopReason::no_seed;
  int sweeps = 0;
  std::vector<SweepTrace> trace;  // without class counts
};

/// Bytes of label state a rank needs for one task.
[[nodiscard]] Count sparse_state_bytes(Count local_nodes, int top);

/// Collective. harmonic, spreading, walk or poisson by sweeps, with the truncation of S. Ravi, Q.
/// Diao, "Large scale distributed semi-supervised learning using streaming approximation", AISTATS
/// 2016, section 3.3: a row keeps its `top` largest labels; the others share its rest evenly, and a
/// sweep counts that share for every label that a neighbor does not name. Poisson's labels are
/// centered after the sweeps, u_k = v_k - mean_k sum_l v_l, since v without the mean has no
/// negative entries. Exact while no row has more than `top` labels. Cost a sweep: edges x top, and
/// K floats of scratch a thread. The result does not depend on ranks or threads.
[[nodiscard]] SparseResult propagate_sparse(const graph::Graph& graph, const Task& task,
                                            const SparseConfig& config);

}  // namespace kith::propagate
