// Correct and Smooth: Q. Huang, H. He, A. Singh, S. Lim, A. Benson, "Combining label propagation
// and simple models out-performs graph neural networks", ICLR 2021, section 2. Z: a voter's
// probabilities, Y: the seeds, S = D^-1/2 W D^-1/2.
//
//   correct   E <- (1 - alpha) E0 + alpha S E, E0 = Y - Z on seeds and 0 elsewhere;
//             Z_i <- Z_i + sigma E_i / |E_i|_1, sigma the mean |E0_j|_1 of the seeds (autoscale)
//   smooth    G <- (1 - beta) G0 + beta S G, G0 = Y on seeds and the corrected Z elsewhere
//
// As in spreading.cpp the state is D^-1/2 times E or G.
#include <cmath>

#include "kith/comm/collectives.hpp"

#include "propagate/methods/registry.hpp"
#include "propagate/plan.hpp"

namespace kith::propagate {
namespace {

float absolute_sum(std::span<const float> values) {
  float sum = 0;
  for (const float value : values) {
    sum += std::abs(value);
  }
  return sum;
}

/// E0: what the voter says too little of, on each seed.
std::vector<SourceRow> seed_errors(const Problem& problem) {
  const auto width = to_size(problem.num_classes);
  std::vector<SourceRow> errors = seed_distributions(problem);
  for (SourceRow& error : errors) {
    for (std::size_t label = 0; label < width; ++label) {
      error.values[label] -= problem.task.base[to_size(error.row) * width + label];
    }
  }
  return errors;
}

/// (1 - share) D^-1/2 times each source.
void scale_sources(const graph::Graph& graph, double share, std::vector<SourceRow>& sources) {
  for (SourceRow& source : sources) {
    const double scale = (1 - share) / root_degree(graph, source.row);
    for (float& value : source.values) {
      value = static_cast<float>(value * scale);
    }
  }
}

Plan plan_correct(const Problem& problem) {
  const SolverConfig& config = problem.task.solver;
  const double alpha = config.parameters["alpha"];
  Plan plan;
  plan.max_sweeps = config.max_sweeps;
  plan.decay = static_cast<float>(alpha);
  plan.sources = seed_errors(problem);
  scale_sources(problem.graph, alpha, plan.sources);
  return plan;
}

/// Collective. Mean |E0_j|_1 of the seeds.
float mean_error(const Problem& problem) {
  std::vector<ExactSum> sums(2);  // of |E0_j|_1, and of seeds
  for (const SourceRow& seed : seed_errors(problem)) {
    sums[0].add(double{absolute_sum(seed.values)});
    sums[1].add(1.0);
  }
  comm::sum_over_ranks(problem.graph.comm(), sums);
  return static_cast<float>(sums[0].value() / sums[1].value());
}

/// The corrected probabilities Z of a node.
std::vector<float> corrected(const Problem& problem, LocalId row, float sigma) {
  const auto width = to_size(problem.num_classes);
  const auto base = problem.task.base.subspan(to_size(row) * width, width);
  const auto error = problem.state.subspan(to_size(row) * width, width);
  const float size = absolute_sum(error);
  std::vector<float> values(base.begin(), base.end());
  for (std::size_t label = 0; label < width && size > 0; ++label) {
    values[label] += sigma * error[label] / size;
  }
  return values;
}

/// Collective.
Plan plan_smooth(const Problem& problem) {
  const SolverConfig& config = problem.task.solver;
  const double beta = config.parameters["smoothing"];
  const std::vector<SourceRow> seeds = seed_distributions(problem);
  const float sigma = mean_error(problem);
  Plan plan;
  plan.max_sweeps = config.max_sweeps;
  plan.decay = static_cast<float>(beta);
  auto seed = seeds.begin();
  for (LocalId row{0}; row.value() < problem.graph.num_owned(); ++row) {
    const bool is_seed = seed != seeds.end() && seed->row == row;
    plan.sources.push_back({row, is_seed ? seed->values : corrected(problem, row, sigma)});
    seed += is_seed ? 1 : 0;
  }
  scale_sources(problem.graph, beta, plan.sources);
  return plan;
}

class CorrectSmooth : public Method {
 public:
  CorrectSmooth()
      : Method{{.name = "correct_smooth",
                .citation = "Correct and Smooth (Huang et al. 2021)",
                .parameters = {alpha_parameter(), smoothing_parameter()},
                .can_stop_early = false,
                .takes_voter = true}} {}

  [[nodiscard]] int num_phases() const override { return 2; }

  [[nodiscard]] Plan plan(const Problem& problem) const override {
    return problem.phase == 0 ? plan_correct(problem) : plan_smooth(problem);
  }
};

}  // namespace

const Method& correct_smooth() {
  static const CorrectSmooth kMethod;
  return kMethod;
}

}  // namespace kith::propagate
