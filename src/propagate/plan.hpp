/// What a method asks of the sweep. A sweep over all columns at once is
///
///     x'_i = decay * (1 / d_i) * sum_j w_ij x_j          then, on rows with a seed, x'_i += or :=
///     source
///
/// and every method here is that with its own state x, decay and sources: a reader can hold each
/// plan_*.cpp against its paper.
#pragma once

#include <vector>

#include "kith/graph/components.hpp"
#include "kith/graph/graph.hpp"
#include "kith/propagate/task.hpp"

namespace kith::propagate {

/// A row of an owned node with its values for the task's columns.
struct SourceRow {
  LocalId row;
  std::vector<float> values;
};

struct Plan {
  int num_columns = 0;             // K, or K + 1 with a column for the mixing walk
  float decay = 1;                 // share that comes from the neighbors
  bool clamps = false;             // sources replace the row instead of being added to it
  bool normalizes_rows = true;     // scores are distributions
  std::vector<SourceRow> sources;  // every sweep; sorted by row
  std::vector<SourceRow> start;    // before the first sweep; all else starts at 0
  std::vector<float> stationary;   // limit of the last column for each owned node, or empty
};

[[nodiscard]] Plan plan_harmonic(const graph::Graph& graph, const Task& task, int num_classes);
[[nodiscard]] Plan plan_spreading(const graph::Graph& graph, const Task& task, int num_classes);
/// Collective: sums the volumes of the components that hold seeds.
[[nodiscard]] Plan plan_poisson(const graph::Graph& graph, const graph::Components& components,
                                const Task& task, int num_classes);

/// The owned seeds as rows of K values: the weights of their labels, summed label by label.
[[nodiscard]] std::vector<SourceRow> seed_rows(const graph::Graph& graph, const Task& task,
                                               int num_classes);

}  // namespace kith::propagate
