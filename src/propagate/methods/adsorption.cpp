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
#include <algorithm>
#include <cmath>

#include "propagate/methods/registry.hpp"
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

/// mu_1, mu_2, mu_3.
struct Weights {
  double injection;
  double continuation;
  double abandonment;
};

/// How a sweep's sums become rows, for each owned node.
struct NodeFactors {
  std::vector<double> inject;  // mu_1 p_inj / M
  std::vector<float> scale;    // mu_2 d / M
  std::vector<float> own;      // p_cont
};

/// Collective.
NodeFactors node_factors(const graph::Graph& graph, std::span<const SourceRow> seeds,
                         const Weights& mu) {
  const auto num_owned = to_size(graph.num_owned());
  std::vector<char> is_seed(num_owned, 0);
  for (const SourceRow& seed : seeds) {
    is_seed[to_size(seed.row)] = 1;
  }
  std::vector<double> go_on(num_owned + to_size(graph.num_ghosts()));
  NodeFactors factors;
  factors.inject.resize(num_owned);
  for (LocalId row{0}; row.value() < graph.num_owned(); ++row) {
    const Probabilities p = probabilities(edge_entropy(graph, row), is_seed[to_size(row)] != 0);
    go_on[to_size(row)] = p.go_on;
    factors.inject[to_size(row)] = p.inject;
  }
  graph.halo().push(std::span{go_on}, 1);
  for (LocalId row{0}; row.value() < graph.num_owned(); ++row) {
    const std::size_t v = to_size(row);
    const auto neighbors = graph.neighbors(row);
    const auto weights = graph.weights(row);
    double sum = 0;
    for (std::size_t edge = 0; edge < neighbors.size(); ++edge) {
      sum += weights[edge] * (go_on[v] + go_on[to_size(neighbors[edge])]);
    }
    const double m = mu.injection * factors.inject[v] + mu.continuation * sum + mu.abandonment;
    factors.scale.push_back(static_cast<float>(mu.continuation * graph.degree(row) / m));
    factors.own.push_back(static_cast<float>(go_on[v]));
    factors.inject[v] = mu.injection * factors.inject[v] / m;
  }
  return factors;
}

class Adsorption : public Method {
 public:
  Adsorption()
      : Method{{.name = "adsorption",
                .citation = "modified adsorption (Talukdar and Crammer 2009)",
                .parameters = {{.name = "injection",
                                .help = "mu_1, weight of the seeds' labels",
                                .fallback = 1,
                                .range = {1e-6, 1e6}},
                               {.name = "continuation",
                                .help = "mu_2, weight of agreement with the neighbors",
                                .fallback = 0.01,
                                .range = {1e-6, 1e6}},
                               {.name = "abandonment",
                                .help = "mu_3, weight of no label",
                                .fallback = 0.01,
                                .range = {1e-6, 1e6, true}}}}} {}

  [[nodiscard]] Count num_columns(const SolverConfig& /*config*/, int num_classes) const override {
    return 2 * Count{num_classes};
  }
  [[nodiscard]] double expected_sweeps(const SolverConfig& config) const override {
    constexpr double kUsual = 60;
    return std::min<double>(config.max_sweeps, kUsual);
  }

  [[nodiscard]] Plan plan(const Problem& problem) const override {
    const auto width = to_size(problem.num_classes);
    const Parameters& parameters = problem.task.solver.parameters;
    const Weights mu{parameters["injection"], parameters["continuation"],
                     parameters["abandonment"]};
    Plan plan;
    plan.num_columns = 2 * problem.num_classes;
    plan.max_sweeps = problem.task.solver.max_sweeps;
    plan.sources = seed_distributions(problem);
    NodeFactors factors = node_factors(problem.graph, plan.sources, mu);
    for (SourceRow& source : plan.sources) {
      const std::size_t v = to_size(source.row);
      // A seed without edges, or with one, has entropy 0 and injects nothing: it keeps its label.
      const double share = factors.inject[v] > 0 ? factors.inject[v] : mu.injection;
      for (std::size_t label = 0; label < width; ++label) {
        source.values[label] = static_cast<float>(source.values[label] * share);
      }
      for (std::size_t label = 0; label < width; ++label) {
        source.values.push_back(source.values[label] * factors.own[v]);
      }
    }
    plan.finish_row = [scale = std::move(factors.scale), own = std::move(factors.own), width](
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
};

}  // namespace

const Method& adsorption() {
  static const Adsorption kMethod;
  return kMethod;
}

}  // namespace kith::propagate
