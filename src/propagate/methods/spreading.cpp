// Label spreading: D. Zhou, O. Bousquet, T. Lal, J. Weston, B. Schoelkopf, "Learning with local and
// global consistency", NeurIPS 16 (2004), section 2: F <- alpha S F + (1 - alpha) Y with
// S = D^-1/2 W D^-1/2. The state here is x = D^-1/2 F, for which the same iteration reads
// x <- alpha D^-1 W x + (1 - alpha) D^-1/2 Y; a row of x and of F have the same direction.
//
// Lazy random walk: D. Zhou, B. Schoelkopf, "Learning from labeled and unlabeled data using random
// walks", DAGM 2004: ((1 - alpha) I + alpha L_sym) F = Y. With L_sym = I - S the left side is
// I - alpha S: it is the limit of spreading up to a factor, hence the same plan. What differs is
// that a walk is always solved to its end, and usually with a smaller alpha.
#include <algorithm>
#include <cmath>

#include "propagate/methods/registry.hpp"
#include "propagate/plan.hpp"

namespace kith::propagate {
namespace {

class Spreading : public Method {
 public:
  Spreading(std::string name, std::string citation)
      : Method{{.name = std::move(name),
                .citation = std::move(citation),
                .parameters = {alpha_parameter()},
                .solvers = {Solver::sweeps, Solver::chebyshev, Solver::conjugate_gradient},
                .has_truncated_form = true,
                .weighs_seeds = true}} {}

  [[nodiscard]] double expected_sweeps(const SolverConfig& config) const override {
    if (config.solver != Solver::chebyshev) {
      return Method::expected_sweeps(config);
    }
    // The error falls by (1 - sqrt(1 - alpha^2)) / alpha a sweep; the factor is as measured.
    const double alpha = config.parameters["alpha"];
    return std::min<double>(config.max_sweeps, 0.65 * std::log(1 / config.tolerance) *
                                                   std::sqrt((1 + alpha) / (1 - alpha)));
  }

  [[nodiscard]] Plan plan(const Problem& problem) const override {
    const graph::Graph& graph = problem.graph;
    const SolverConfig& config = problem.task.solver;
    const double alpha = config.parameters["alpha"];
    Plan plan;
    plan.max_sweeps = config.max_sweeps;
    plan.decay = static_cast<float>(alpha);
    plan.accelerates = config.solver == Solver::chebyshev;
    // An isolated seed keeps its own label; any positive factor says so.
    plan.seeds = {
        .scale = [&graph, alpha](LocalId row) { return (1 - alpha) / root_degree(graph, row); }};
    return plan;
  }
};

}  // namespace

const Method& spreading() {
  static const Spreading kMethod{"spreading", "label spreading (Zhou et al. 2004)"};
  return kMethod;
}

const Method& walk() {
  static const Spreading kMethod{"walk", "lazy random walks (Zhou and Sch\u00f6lkopf 2004)"};
  return kMethod;
}

}  // namespace kith::propagate
