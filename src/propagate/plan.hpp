/// What a method asks of an engine. A sweep over all columns at once is
///
///     x'_i = decay * factor_i * (1 / d_i) * sum_j w_ij x_j
///     then, on rows with a source, x'_i += or := source_i
///
/// and nearly every method is that with its own state x, decay, factors and sources: a reader can
/// hold each method's file against its paper. Where x is the solution of a symmetric system, the
/// same plan is what conjugate gradient solves (conjugate_gradient.hpp). Where rows keep few of
/// many labels, the same plan is what truncated sweeps do (truncated_sweeps.hpp).
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "kith/graph/components.hpp"
#include "kith/graph/graph.hpp"
#include "kith/propagate/task.hpp"

namespace kith::propagate {

/// What a method makes a plan for.
struct Problem {
  const graph::Graph& graph;
  const graph::Components& components;
  const Task& task;
  int num_classes = 0;
  int phase = 0;
  std::span<const float> state = {};  // owned nodes x K: where the phase before has ended
};

/// What the seeds are to a sweep, stated once for rows of all classes and for truncated ones:
///
///     source_i = scale_i (y_i - ybar sum_k y_ik)       is_centered
///     source_i = scale_i y_i                           else
///
/// with y_i the weights of the labels of node i, or their shares if is_normalized, and ybar the
/// mean label of all seeds by weight. Truncated rows are centered when they are read.
struct SeedSources {
  bool is_normalized = false;
  bool is_centered = false;
  std::function<double(LocalId)> scale = [](LocalId /*row*/) { return 1.0; };
};

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

/// Everything but rows, factors and limits is the same on every rank.
struct Plan {
  int num_columns = 0;               // the first K are the classes'; 0 = these, and the walk's
  float decay = 1;                   // share that comes from the neighbors
  bool clamps = false;               // sources replace the row instead of being added to it
  bool accelerates = false;          // by Chebyshev polynomials (panel.hpp); needs decay below 1
  bool walks = false;                // a last column follows the seeds' walk until it has mixed
  bool normalizes_rows = true;       // scores are distributions
  int max_sweeps = 0;                // of this phase
  std::optional<SeedSources> seeds;  // what `sources` are made of, if they are the seeds'
  std::vector<SourceRow> sources;    // every sweep; sorted by row
  bool starts_at_sources = true;     // `start` is as `sources`
  std::vector<SourceRow> start;      // before the first sweep; all else starts at 0
  std::vector<float> stationary;     // of a plan that walks: limit of its column, one an owned node
  std::vector<float> factors;        // one an owned node, or empty = 1
  FinishRow finish_row;              // or none
  Projection projection;
};

/// Collective. Makes the rows of a plan for all classes: sources, start, and the walk's limit.
void fill_rows(Plan& plan, const Problem& problem);

/// A label of a row and its value.
struct LabelValue {
  std::int32_t label;
  float value;
};

/// The source of one seeded node, not centered, for rows that name their labels.
struct NamedSource {
  LocalId row;
  std::vector<LabelValue> entries;  // by label
  float walk = 0;                   // where its walk starts
};
/// The sources of the owned seeds, sorted by row.
[[nodiscard]] std::vector<NamedSource> named_sources(const Problem& problem,
                                                     const SeedSources& seeds);

/// Collective. Where the walk's column D^-1 v ends, for each owned node: the seeds' share of its
/// component / the component's volume. starts: the walk's values at the owned seeds.
struct WalkStart {
  LocalId row;
  float value;
};
[[nodiscard]] std::vector<float> stationary_walk(const graph::Graph& graph,
                                                 const graph::Components& components,
                                                 std::span<const WalkStart> starts);

/// The owned seeds as rows of K values: the weights of their labels, summed label by label.
[[nodiscard]] std::vector<SourceRow> seed_rows(const Problem& problem);
/// The same, each row scaled to sum 1.
[[nodiscard]] std::vector<SourceRow> seed_distributions(const Problem& problem);
/// Share of each class among the seeds, by weight.
[[nodiscard]] std::vector<double> mean_label(const Task& task, int num_classes);
[[nodiscard]] double total_weight(const Task& task);

/// The square root of a node's degree; 1 of an isolated one.
[[nodiscard]] double root_degree(const graph::Graph& graph, LocalId row);

}  // namespace kith::propagate
