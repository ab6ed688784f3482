// Harmonic functions: X. Zhu, Z. Ghahramani, J. Lafferty, "Semi-supervised learning using Gaussian
// fields and harmonic functions", ICML 2003, section 2: f_u = D_uu^-1 (W_uu f_u + W_ul f_l), seeds
// clamped. A seed with several labels is clamped to its distribution. Noisy seeds (section 5 there,
// the dongle nodes): with trust t below 1 a seed is f_i = t y_i + (1 - t) (D^-1 W f)_i, so that
// neighbors who disagree can move it.
#include "propagate/methods/registry.hpp"
#include "propagate/plan.hpp"

namespace kith::propagate {
namespace {

class Harmonic : public Method {
 public:
  Harmonic()
      : Method{{.name = "harmonic",
                .citation = "harmonic functions (Zhu, Ghahramani and Lafferty 2003)",
                .parameters = {{.name = "seed_trust",
                                .help = "below 1 neighbors that disagree can move a seed",
                                .fallback = 1,
                                .range = {1e-6, 1}}},
                .solvers = {Solver::sweeps, Solver::conjugate_gradient},
                .has_truncated_form = true}} {}

  [[nodiscard]] Plan plan(const Problem& problem) const override {
    const graph::Graph& graph = problem.graph;
    const SolverConfig& config = problem.task.solver;
    const auto trust = static_cast<float>(config.parameters["seed_trust"]);
    Plan plan;
    plan.max_sweeps = config.max_sweeps;
    plan.clamps = trust == 1.0F;
    plan.seeds = {.is_normalized = true};
    if (plan.clamps) {
      return plan;
    }
    plan.seeds->scale = [&graph, trust](LocalId row) {
      return graph.degree(row) > 0 ? double{trust} : 1.0;
    };
    plan.factors.assign(to_size(graph.num_owned()), 1.0F);
    for (const NodeSeed& seed : problem.task.seeds) {
      if (graph.owned().contains(seed.node)) {
        plan.factors[to_size(graph.local_id(seed.node))] = 1.0F - trust;
      }
    }
    return plan;
  }
};

}  // namespace

const Method& harmonic() {
  static const Harmonic kMethod;
  return kMethod;
}

}  // namespace kith::propagate
