/// What is propagated: one method from one set of seeds is a task; all tasks share the sweeps.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kith/core/types.hpp"
#include "kith/propagate/method.hpp"

namespace kith::propagate {

/// The parameters of all methods by name, each at its default until it is set.
class Parameters {
 public:
  Parameters();

  /// Throws Error if no method has a parameter of that name.
  [[nodiscard]] double& operator[](std::string_view name);
  [[nodiscard]] double operator[](std::string_view name) const;

  bool operator==(const Parameters&) const = default;

 private:
  std::map<std::string, double, std::less<>> values_;
};

struct SolverConfig {
  const Method* method = find_method("poisson");
  Solver solver = Solver::sweeps;
  Parameters parameters = {};
  int max_sweeps = 300;     // a task stops after so many at the latest
  double tolerance = 1e-4;  // largest change of a sweep over the largest entry
  bool early_stop = false;  // by sweeps: end at the sweep that is best on held-out seeds

  bool operator==(const SolverConfig&) const = default;
};

/// Throws Error with one sentence that begins with `where`, such as "member.x".
void validate(const SolverConfig& config, const std::string& where);

/// A label that a task learns from. A node may have several; their weights then share it.
struct NodeSeed {
  Position node;
  Label label;
  float weight = 1;
};

struct Task {
  std::string name;
  SolverConfig solver;
  std::vector<NodeSeed> seeds;  // the same on every rank
  // Not empty: keep the scores of these nodes only, on every rank.
  std::vector<Position> validation_nodes;
  std::vector<Label> truth;  // labels of the validation nodes, or empty: held-out accuracy
  int group = -1;  // of cross-validation: tasks that differ in the held-out seeds only; -1 = none
  int fold = -1;   // which seeds it has not; -1 = it has all
  std::vector<double>
      prior;  // class shares, sum 1, for methods that aim at them; empty = as the seeds
  std::span<const float>
      base;  // owned nodes x K: probabilities of a voter, for methods that take one
};

enum class StopReason {
  settled,   // the change of a sweep fell below the tolerance and no prediction moved
  mixed,     // Poisson: the random walk from the seeds has reached its stationary distribution
  limit,     // max_sweeps
  no_seed,   // nothing to propagate
  finished,  // a method with a schedule of its own has come to its end
  held_out,  // early_stop: held-out accuracy has not risen for a while; the best sweep is kept
};
[[nodiscard]] const char* to_string(StopReason reason);

/// One line of a task's history. All numbers are exact and the same at any rank count.
struct SweepTrace {
  int sweep = 0;
  double residual = 0;              // largest change of this sweep / largest entry
  Count flips = 0;                  // nodes whose best class differs from the last line's
  Count reached = 0;                // nodes that any label has reached
  std::vector<Count> class_counts;  // nodes by best class, reached ones only; not of truncated rows
  /// Of the group's tasks with held-out seeds: share of these whose best class is right.
  std::optional<double> held_out;
  /// Only of tasks without validation nodes, as the next: every tenth sweep and when the task ends.
  /// Sum of the scores over all nodes; empty of potentials and of truncated rows.
  std::vector<double> class_mass;
  /// Only of sweeps and chebyshev: tr(X'LX) / tr(X'DX) of the state X, from 0
  /// (constant on each component) to 2.
  std::optional<double> energy;
};

struct TaskResult {
  /// Owned nodes (or validation nodes) x K. A distribution, or a potential that may be negative
  /// (see MethodFacts); all zero where no label came. Truncated rows: nodes x top, largest first,
  /// ties to the smaller label, with the labels (none behind the last) and, for each node, the
  /// score of every class that it does not name.
  std::vector<float> scores;
  std::vector<Label> labels;
  std::vector<float> other;
  /// Of truncated rows: mean and largest residual mass, the share of a reached row that is in
  /// classes it does not name.
  std::optional<double> mean_residual_mass;
  double largest_residual_mass = 0;
  /// Sum over all nodes of the graph that are no seed of this task of their row, each scaled to sum
  /// 1 (not of potentials): what class-mass normalization divides by. The same on every rank.
  std::vector<double> class_mass;
  StopReason stop = StopReason::no_seed;
  int sweeps = 0;
  std::vector<SweepTrace> trace;
};

}  // namespace kith::propagate
