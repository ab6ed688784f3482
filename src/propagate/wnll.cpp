// Weighted nonlocal Laplacian: Z. Shi, S. Osher, W. Zhu, "Weighted nonlocal Laplacian on
// interpolation from sparse data", J. Sci. Comput. 73 (2017), section 2: minimize
//
//   sum_{i not in S} sum_j w_ij (u_i - u_j)^2 + (N / |S|) sum_{i in S} sum_j w_ij (u_i - u_j)^2
//
// with u = y on the seeds S. An edge between a free node and a seed is counted once with weight 1
// and once with N / |S|, one between free nodes twice with weight 1: the harmonic function of a
// graph whose edges at seeds are heavier by (1 + N / |S|) / 2. The heavier edges are had by
// clamping a seed to that multiple of its label and by a free node's factor d / d', d' its new
// degree.
#include <algorithm>

#include "propagate/plan.hpp"

namespace kith::propagate {

Plan plan_wnll(const graph::Graph& graph, const Task& task, int num_classes) {
  std::vector<char> is_seed(to_size(graph.num_owned() + graph.num_ghosts()), 0);
  std::vector<Position> nodes;
  for (const NodeSeed& seed : task.seeds) {
    nodes.push_back(seed.node);
    const LocalId local = graph.local_id(seed.node);
    if (!local.is_none()) {
      is_seed[to_size(local)] = 1;
    }
  }
  std::sort(nodes.begin(), nodes.end());
  const Count num_seeds = std::unique(nodes.begin(), nodes.end()) - nodes.begin();
  const double ratio = static_cast<double>(graph.num_nodes()) / static_cast<double>(num_seeds);
  const double heavier = (1 + ratio) / 2;

  Plan plan;
  plan.num_columns = num_classes;
  plan.max_sweeps = task.solver.max_sweeps;
  plan.clamps = true;
  plan.factors.resize(to_size(graph.num_owned()), 1.0F);
  for (LocalId row{0}; row.value() < graph.num_owned(); ++row) {
    const auto neighbors = graph.neighbors(row);
    const auto weights = graph.weights(row);
    double at_seeds = 0;
    for (std::size_t edge = 0; edge < neighbors.size(); ++edge) {
      at_seeds += is_seed[to_size(neighbors[edge])] != 0 ? double{weights[edge]} : 0.0;
    }
    const double degree = graph.degree(row);
    if (at_seeds > 0) {
      plan.factors[to_size(row)] = static_cast<float>(degree / (degree + (heavier - 1) * at_seeds));
    }
  }
  plan.sources = seed_distributions(graph, task, num_classes);
  for (SourceRow& source : plan.sources) {
    for (float& value : source.values) {
      value = static_cast<float>(value * heavier);
    }
  }
  plan.start = plan.sources;
  return plan;
}

}  // namespace kith::propagate
