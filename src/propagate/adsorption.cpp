// Modified adsorption (MAD): P. Talukdar, K. Crammer, "New regularized algorithms for transductive
// learning", ECML PKDD 2009, algorithm 1:
//
//   Y_v <- (mu_1 p_inj(v) Y0_v + mu_2 sum_u (p_cont(v) W_vu + p_cont(u) W_uv) Y_u + mu_3 p_abnd R)
//          / M_vv,    M_vv = mu_1 p_inj(v) + mu_2 sum_u (p_cont(v) W_vu + p_cont(u) W_uv) + mu_3
//
// with the probabilities of section 2.2: from the entropy H(v) of a node's edges,
// c = ln 2 / ln(2 + exp H), d = (1 - c) sqrt(H) on seeds and 0 elsewhere, z = max(c + d, 1),
// p_cont = c / z, p_inj = d / z. Columns do not touch each other, so that the dummy label R, which
// only takes mass from a row as a whole, is left out. The sum over u has two halves: the state is
// [Y_v, p_cont(v) Y_v], and one sweep gives sum_u W_vu Y_u and sum_u W_vu p_cont(u) Y_u together.
#include <cmath>

#include "propagate/plan.hpp"

namespace kith::propagate {
namespace {

constexpr double kBeta = 2;

/// H(v) in nats, of the walk that leaves v along its edges.
double edge_entropy(const graph::Graph& graph, LocalId row) {
  const double degree = graph.degree(row);
  double entropy = 0;
  for (const float weight : graph.weights(row)) {
    const double p = weight / degree;
    entropy -= p * std::log(p);
  }
  return entropy;
}

struct Probabilities {
  double inject = 0;
  double go_on = 0;  // p_cont
};

Probabilities probabilities(double entropy, bool is_seed) {
  const double c = std::log(kBeta) / std::log(kBeta + std::exp(entropy));
  const double d = is_seed ? (1 - c) * std::sqrt(entropy) : 0.0;
  const double z = std::max(c + d, 1.0);
  return {d / z, c / z};
}

}  // namespace

Plan plan_adsorption(const graph::Graph& graph, const Task& task, int num_classes) {
  const auto num_owned = to_size(graph.num_owned());
  const auto width = to_size(num_classes);
  Plan plan;
  plan.num_columns = 2 * num_classes;
  plan.max_sweeps = task.solver.max_sweeps;
  plan.sources = seed_distributions(graph, task, num_classes);
  std::vector<char> is_seed(num_owned, 0);
  for (const SourceRow& source : plan.sources) {
    is_seed[to_size(source.row)] = 1;
  }
  std::vector<double> go_on(num_owned + to_size(graph.num_ghosts()));
  std::vector<double> inject(num_owned);
  for (LocalId row{0}; row.value() < graph.num_owned(); ++row) {
    const Probabilities p = probabilities(edge_entropy(graph, row), is_seed[to_size(row)] != 0);
    go_on[to_size(row)] = p.go_on;
    inject[to_size(row)] = p.inject;
  }
  graph.halo().push(std::span{go_on}, 1);
  std::vector<float> scale(num_owned);  // mu_2 d_v / M_vv
  std::vector<float> own(num_owned);    // p_cont
  for (LocalId row{0}; row.value() < graph.num_owned(); ++row) {
    const std::size_t v = to_size(row);
    const auto neighbors = graph.neighbors(row);
    const auto weights = graph.weights(row);
    double sum = 0;
    for (std::size_t edge = 0; edge < neighbors.size(); ++edge) {
      sum += weights[edge] * (go_on[v] + go_on[to_size(neighbors[edge])]);
    }
    const SolverConfig& mu = task.solver;
    const double m = mu.injection * inject[v] + mu.continuation * sum + mu.abandonment;
    scale[v] = static_cast<float>(mu.continuation * graph.degree(row) / m);
    own[v] = static_cast<float>(go_on[v]);
    inject[v] = mu.injection * inject[v] / m;
  }
  for (SourceRow& source : plan.sources) {
    const std::size_t v = to_size(source.row);
    // A seed without edges, or with one, has entropy 0 and injects nothing: it keeps its label.
    const double share = inject[v] > 0 ? inject[v] : task.solver.injection;
    for (std::size_t label = 0; label < width; ++label) {
      source.values[label] = static_cast<float>(source.values[label] * share);
    }
    for (std::size_t label = 0; label < width; ++label) {
      source.values.push_back(source.values[label] * own[v]);
    }
  }
  plan.start = plan.sources;
  plan.finish_row = [scale = std::move(scale), own = std::move(own), width](
                        LocalId row, std::span<const float> /*before*/, std::span<float> values) {
    const std::size_t v = to_size(row);
    for (std::size_t label = 0; label < width; ++label) {
      const float both = scale[v] * (own[v] * values[label] + values[width + label]);
      values[label] = both;
      values[width + label] = own[v] * both;
    }
  };
  return plan;
}

}  // namespace kith::propagate
