// Poisson learning: J. Calder, B. Cook, M. Thorpe, D. Slepcev, "Poisson learning: graph based
// semi-supervised learning at very low label rates", ICML 2020, algorithm 1: L u = sum_j delta_j
// (y_j - ybar), iterated as u <- u + D^-1 (B - L u) = D^-1 W u + D^-1 B, stopped when the random
// walk that starts at the seeds has mixed: max |v - v_inf| <= 1/N. The walk's column here is D^-1
// v, which obeys the same recursion without a source. On a graph of several components its limit is
// taken in each of them: the seeds' share of the component, spread over its nodes in proportion to
// degree.
#include <algorithm>

#include "propagate/methods/registry.hpp"
#include "propagate/plan.hpp"

namespace kith::propagate {
namespace {

class Poisson : public Method {
 public:
  Poisson()
      : Method{{.name = "poisson",
                .citation = "Poisson learning (Calder et al. 2020)",
                .solvers = {Solver::sweeps, Solver::conjugate_gradient},
                .gives_distributions = false,
                .has_truncated_form = true,
                .weighs_seeds = true}} {}

  [[nodiscard]] Count num_columns(const SolverConfig& config, int num_classes) const override {
    return Count{num_classes} + (config.solver == Solver::sweeps ? 1 : 0);
  }
  [[nodiscard]] double expected_sweeps(const SolverConfig& config) const override {
    constexpr double kMixingSweeps = 120;
    return config.solver == Solver::sweeps ? std::min<double>(config.max_sweeps, kMixingSweeps)
                                           : Method::expected_sweeps(config);
  }

  [[nodiscard]] Plan plan(const Problem& problem) const override {
    const graph::Graph& graph = problem.graph;
    const SolverConfig& config = problem.task.solver;
    Plan plan;
    plan.max_sweeps = config.max_sweeps;
    plan.normalizes_rows = false;
    // Conjugate gradient goes to the limit and needs no walk to tell it when to stop.
    plan.walks = config.solver == Solver::sweeps;
    const double total = total_weight(problem.task);
    plan.seeds = {.is_centered = true, .scale = [&graph, total](LocalId row) {
                    const double degree = graph.degree(row);
                    return (degree > 0 ? 1 / degree : 1.0) / total;
                  }};
    return plan;
  }
};

}  // namespace

const Method& poisson() {
  static const Poisson kMethod;
  return kMethod;
}

}  // namespace kith::propagate
