// Harmonic functions: X. Zhu, Z. Ghahramani, J. Lafferty, "Semi-supervised learning using Gaussian
// fields and harmonic functions", ICML 2003, section 2: f_u = D_uu^-1 (W_uu f_u + W_ul f_l), seeds
// clamped. A seed with several labels is clamped to its distribution. Noisy seeds (section 5 there,
// the dongle nodes): with trust t below 1 a seed is f_i = t y_i + (1 - t) (D^-1 W f)_i, so that
// neighbors who disagree can move it.
#include "propagate/plan.hpp"

namespace kith::propagate {

Plan plan_harmonic(const graph::Graph& graph, const Task& task, int num_classes) {
  Plan plan;
  plan.num_columns = num_classes;
  plan.max_sweeps = task.solver.max_sweeps;
  plan.sources = seed_distributions(graph, task, num_classes);
  const auto trust = static_cast<float>(task.solver.seed_trust);
  plan.clamps = trust == 1.0F;
  if (!plan.clamps) {
    plan.factors.assign(to_size(graph.num_owned()), 1.0F);
    for (SourceRow& source : plan.sources) {
      plan.factors[to_size(source.row)] = 1.0F - trust;
      for (float& value : source.values) {
        value *= graph.degree(source.row) > 0 ? trust : 1.0F;
      }
    }
  }
  plan.start = plan.sources;
  return plan;
}

}  // namespace kith::propagate
