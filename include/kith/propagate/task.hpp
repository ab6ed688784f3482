/// What is propagated: one method from one set of seeds is a task; all tasks share the sweeps.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kith/core/types.hpp"

namespace kith::propagate {

enum class Method {
  harmonic,        // Zhu, Ghahramani, Lafferty, ICML 2003
  spreading,       // Zhou et al., NeurIPS 2003 (2004)
  poisson,         // Calder, Cook, Thorpe, Slepcev, ICML 2020
  walk,            // lazy random walk: Zhou, Schoelkopf, DAGM 2004
  adsorption,      // modified adsorption: Talukdar, Crammer, ECML PKDD 2009
  poisson_volume,  // PoissonMBO: Calder, Cook, Thorpe, Slepcev, ICML 2020
  wnll,            // weighted nonlocal Laplacian: Shi, Osher, Zhu, J. Sci. Comput. 2017
  nearest_seed,    // the nearest seeds by path length
  correct_smooth,  // Huang, He, Singh, Lim, Benson, ICLR 2021
};

enum class Solver {
  sweeps,              // the method's own iteration
  chebyshev,           // its limit by accelerated sweeps; for spreading and walk
  conjugate_gradient,  // its limit; for methods that are a symmetric linear system
};

struct SolverConfig {
  Method method = Method::poisson;
  Solver solver = Solver::sweeps;
  double alpha = 0.99;      // spreading, walk, correct_smooth: share from the neighbors, in (0, 1)
  int max_sweeps = 300;     // a task stops after so many at the latest
  double tolerance = 1e-4;  // largest change of a sweep over the largest entry
  double seed_trust = 1;    // harmonic: below 1 the seeds' labels may move, in (0, 1]
  int nearest = 3;          // nearest_seed: how many seeds are heard
  double injection = 1;     // adsorption: mu_1, of the seeds' labels
  double continuation = 0.01;  // adsorption: mu_2, of agreement with the neighbors
  double abandonment = 0.01;   // adsorption: mu_3, of giving up
  double smoothing = 0.8;      // correct_smooth: alpha of the second step
  bool early_stop = false;     // by sweeps: end at the sweep that is best on held-out seeds

  bool operator==(const SolverConfig&) const = default;
};

[[nodiscard]] bool has_solver(Method method, Solver solver);
/// Can its rows keep few labels of many (propagate_sparse)? By plain sweeps only.
[[nodiscard]] bool has_sparse_form(Method method);

/// A label that a task learns from. A node may have several; their weights then share it.
struct NodeSeed {
  Position node;
  Label label;
  float weight = 1;
};

struct Task {
  std::string name;
  SolverConfig solver;
  std::vector<NodeSeed> seeds;    // the same on every rank
  std::vector<Position> watched;  // not empty: keep the scores of these nodes only, on every rank
  std::vector<Label> truth;       // labels of the watched nodes, or empty: held-out accuracy
  int family = -1;                // tasks that differ in the held-out seeds only; -1 = none
  std::vector<double> prior;      // poisson_volume: class shares, sum 1; empty = as the seeds
  std::span<const float> base;    // correct_smooth: owned nodes x K, a voter's probabilities
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
[[nodiscard]] const char* to_string(Method method);
[[nodiscard]] const char* to_string(Solver solver);

/// One line of a task's history. All numbers are exact and the same at any rank count.
struct SweepTrace {
  int sweep = 0;
  double residual = 0;              // largest change of this sweep / largest entry
  Count flips = 0;                  // nodes whose best class differs from the last line's
  Count reached = 0;                // nodes that any label has reached
  std::vector<Count> class_counts;  // nodes by best class, reached ones only; not of sparse rows
  /// Of the family's tasks that watch held-out seeds: share of these whose best class is right.
  std::optional<double> held_out;
  /// Only of tasks that watch nothing, as the next: every tenth sweep and when the task ends. Sum
  /// of the scores over all nodes; empty of poisson.
  std::vector<double> class_mass;
  /// Only of sweeps and chebyshev: tr(X'LX) / tr(X'DX) of the state X, from 0
  /// (constant on each component) to 2.
  std::optional<double> energy;
};

struct TaskResult {
  /// Owned nodes (or watched nodes) x K. A distribution, all zero where no label came; poisson: the
  /// potential u, which may be negative, all zero where no label came. Of propagate_sparse: nodes x
  /// top, largest first, ties to the smaller label, with the labels (none behind the last) and, for
  /// each node, the score of every class that it does not name.
  std::vector<float> scores;
  std::vector<Label> labels;
  std::vector<float> other;
  /// Of propagate_sparse: mean and largest share of a reached row that is in classes it does not
  /// name.
  std::optional<double> mean_rest;
  double largest_rest = 0;
  /// Sum over all nodes of the graph that are no seed of this task of their row, each scaled to sum
  /// 1 (not of poisson): what class-mass normalization divides by. The same on every rank.
  std::vector<double> class_mass;
  StopReason stop = StopReason::no_seed;
  int sweeps = 0;
  std::vector<SweepTrace> trace;
};

}  // namespace kith::propagate
