/// What a method asks of an engine. A sweep over all columns at once is
///
///     x'_i = decay * factor_i * (1 / d_i) * sum_j w_ij x_j
///     then, on rows with a source, x'_i += or := source
///
/// and nearly every method is that with its own state x, decay, factors and sources: a reader can
/// hold each method's file against its paper. Where x is the solution of a symmetric system, the
/// same plan is what conjugate gradient solves (conjugate_gradient.hpp).
#pragma once

#include <functional>
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

/// Replaces what a sweep found for a row, before its source: (row, values before, values now).
using FinishRow = std::function<void(LocalId, std::span<const float>, std::span<float>)>;

/// Every so many sweeps each row becomes the one-hot of its largest r_k u_k, with weights r that
/// give the classes the shares of the prior (PoissonMBO).
struct Projection {
  int every = 0;  // sweeps; 0 = no projection
  int times = 0;
  std::vector<double> prior;
};

struct Plan {
  int num_columns = 0;             // the first K are the classes'
  float decay = 1;                 // share that comes from the neighbors
  bool clamps = false;             // sources replace the row instead of being added to it
  bool accelerates = false;        // by Chebyshev polynomials (panel.hpp); needs decay below 1
  bool normalizes_rows = true;     // scores are distributions
  int max_sweeps = 0;              // of this phase
  std::vector<SourceRow> sources;  // every sweep; sorted by row
  std::vector<SourceRow> start;    // before the first sweep; all else starts at 0
  bool walks = false;              // the last column is a random walk: the phase ends when it mixes
  std::vector<float> stationary;   // where the walk ends, for each owned node
  std::vector<float> factors;      // one an owned node, or empty = 1
  FinishRow finish_row;            // or none
  Projection projection;
};

[[nodiscard]] Plan plan_harmonic(const graph::Graph& graph, const Task& task, int num_classes);
[[nodiscard]] Plan plan_spreading(const graph::Graph& graph, const Task& task, int num_classes);
[[nodiscard]] Plan plan_adsorption(const graph::Graph& graph, const Task& task, int num_classes);
[[nodiscard]] Plan plan_wnll(const graph::Graph& graph, const Task& task, int num_classes);
/// Collective. Sums the volumes of the components that hold seeds.
[[nodiscard]] Plan plan_poisson(const graph::Graph& graph, const graph::Components& components,
                                const Task& task, int num_classes);
/// Collective. Where the walk's column D^-1 v ends, for each owned node: seed share / volume of its
/// component. start: its rows at the seeds, the walk's value last.
[[nodiscard]] std::vector<float> stationary_walk(const graph::Graph& graph,
                                                 const graph::Components& components,
                                                 std::span<const SourceRow> start);
/// Collective. The second phase of PoissonMBO. potential: owned nodes x K, of the first.
[[nodiscard]] Plan plan_volume(const graph::Graph& graph, const Task& task, int num_classes,
                               std::span<const float> potential);
[[nodiscard]] Plan plan_correct(const graph::Graph& graph, const Task& task, int num_classes);
/// The second phase. error: owned nodes x K, state of the first.
[[nodiscard]] Plan plan_smooth(const graph::Graph& graph, const Task& task, int num_classes,
                               std::span<const float> error);

/// The owned seeds as rows of K values: the weights of their labels, summed label by label.
[[nodiscard]] std::vector<SourceRow> seed_rows(const graph::Graph& graph, const Task& task,
                                               int num_classes);
/// The same, each row scaled to sum 1.
[[nodiscard]] std::vector<SourceRow> seed_distributions(const graph::Graph& graph, const Task& task,
                                                        int num_classes);
/// Share of each class among the seeds, by weight; and the seeds' total weight last.
[[nodiscard]] std::vector<double> mean_label(const Task& task, int num_classes);

}  // namespace kith::propagate
