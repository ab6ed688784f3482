// Label spreading: D. Zhou, O. Bousquet, T. Lal, J. Weston, B. Schoelkopf, "Learning with local and
// global consistency", NeurIPS 16 (2004), section 2: F <- alpha S F + (1 - alpha) Y with
// S = D^-1/2 W D^-1/2. The state here is x = D^-1/2 F, for which the same iteration reads
// x <- alpha D^-1 W x + (1 - alpha) D^-1/2 Y; a row of x and of F have the same direction.
//
// Lazy random walk: D. Zhou, B. Schoelkopf, "Learning from labeled and unlabeled data using random
// walks", DAGM 2004: ((1 - alpha) I + alpha L_sym) F = Y. With L_sym = I - S the left side is
// I - alpha S: it is the limit of spreading up to a factor, hence the same plan. What differs is
// that a walk is always solved to its end, and usually with a smaller alpha.
#include <cmath>

#include "propagate/plan.hpp"

namespace kith::propagate {

Plan plan_spreading(const graph::Graph& graph, const Task& task, int num_classes) {
  Plan plan;
  plan.num_columns = num_classes;
  plan.max_sweeps = task.solver.max_sweeps;
  plan.decay = static_cast<float>(task.solver.alpha);
  plan.accelerates = task.solver.solver == Solver::chebyshev;
  plan.sources = seed_rows(graph, task, num_classes);
  for (SourceRow& source : plan.sources) {
    const double degree = graph.degree(source.row);
    // An isolated seed keeps its own label; any positive factor says so.
    const double scale = (1 - task.solver.alpha) / (degree > 0 ? std::sqrt(degree) : 1.0);
    for (float& value : source.values) {
      value = static_cast<float>(value * scale);
    }
  }
  plan.start = plan.sources;
  return plan;
}

}  // namespace kith::propagate
