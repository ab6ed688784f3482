// Harmonic functions: X. Zhu, Z. Ghahramani, J. Lafferty, "Semi-supervised learning using Gaussian
// fields and harmonic functions", ICML 2003, section 2: f_u = D_uu^-1 (W_uu f_u + W_ul f_l), seeds
// clamped. A seed with several labels is clamped to its distribution.
#include <numeric>

#include "propagate/plan.hpp"

namespace kith::propagate {

Plan plan_harmonic(const graph::Graph& graph, const Task& task, int num_classes) {
  Plan plan;
  plan.num_columns = num_classes;
  plan.clamps = true;
  plan.sources = seed_rows(graph, task, num_classes);
  for (SourceRow& source : plan.sources) {
    const float weight = std::accumulate(source.values.begin(), source.values.end(), 0.0F);
    for (float& value : source.values) {
      value /= weight;
    }
  }
  plan.start = plan.sources;
  return plan;
}

}  // namespace kith::propagate
