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

#include "propagate/methods/registry.hpp"
#include "propagate/plan.hpp"

namespace kith::propagate {

namespace {

/// Seeded nodes among owned ones and ghosts.
std::vector<char> seeded_nodes(const graph::Graph& graph, const Task& task) {
  std::vector<char> is_seed(to_size(graph.num_owned() + graph.num_ghosts()), 0);
  for (const NodeSeed& seed : task.seeds) {
    const LocalId local = graph.local_id(seed.node);
    if (!local.is_none()) {
      is_seed[to_size(local)] = 1;
    }
  }
  return is_seed;
}

Count count_seeded(const Task& task) {
  std::vector<Position> nodes;
  for (const NodeSeed& seed : task.seeds) {
    nodes.push_back(seed.node);
  }
  std::sort(nodes.begin(), nodes.end());
  return std::unique(nodes.begin(), nodes.end()) - nodes.begin();
}

class Wnll : public Method {
 public:
  Wnll()
      : Method{{.name = "wnll",
                .citation = "the weighted nonlocal Laplacian (Shi, Osher and Zhu 2017)",
                .solvers = {Solver::sweeps, Solver::conjugate_gradient}}} {}

  [[nodiscard]] Plan plan(const Problem& problem) const override {
    const graph::Graph& graph = problem.graph;
    const double ratio =
        static_cast<double>(graph.num_nodes()) / static_cast<double>(count_seeded(problem.task));
    const double heavier = (1 + ratio) / 2;
    Plan plan;
    plan.max_sweeps = problem.task.solver.max_sweeps;
    plan.clamps = true;
    plan.seeds = {.is_normalized = true, .scale = [heavier](LocalId /*row*/) { return heavier; }};
    const std::vector<char> is_seed = seeded_nodes(graph, problem.task);
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
        plan.factors[to_size(row)] =
            static_cast<float>(degree / (degree + (heavier - 1) * at_seeds));
      }
    }
    return plan;
  }
};

}  // namespace

const Method& wnll() {
  static const Wnll kMethod;
  return kMethod;
}

}  // namespace kith::propagate
