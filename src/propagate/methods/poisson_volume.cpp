// Poisson learning with a volume constraint: J. Calder, B. Cook, M. Thorpe, D. Slepcev, "Poisson
// learning", ICML 2020, algorithm 2 (PoissonMBO). The first phase is Poisson learning; the second
// repeats 40 explicit steps of the heat equation with the seeds as source,
// u <- u - dt (L u - B), dt = 1 / max d, and a projection to one-hot rows with the given class
// shares. The rows of the last projection are kept as r_k u_k, so that they say how sure they are.
#include <algorithm>
#include <numeric>

#include "kith/comm/collectives.hpp"

#include "propagate/methods/registry.hpp"
#include "propagate/plan.hpp"

namespace kith::propagate {
namespace {

constexpr int kInnerSteps = 40;
constexpr int kOuterSteps = 20;

/// The first phase's winner of each reached row, as a one-hot.
std::vector<SourceRow> one_hot(std::span<const float> potential, std::size_t width) {
  std::vector<SourceRow> rows;
  const std::size_t num_rows = potential.size() / width;
  for (std::size_t row = 0; row < num_rows; ++row) {
    const auto values = potential.subspan(row * width, width);
    if (std::any_of(values.begin(), values.end(), [](float value) { return value != 0.0F; })) {
      SourceRow& start = rows.emplace_back();
      start.row = LocalId{static_cast<std::int32_t>(row)};
      start.values.assign(width, 0.0F);
      start.values[to_size(std::max_element(values.begin(), values.end()) - values.begin())] = 1;
    }
  }
  return rows;
}

/// Collective. dt.
double step_size(const graph::Graph& graph) {
  double largest_degree = 0;
  for (LocalId row{0}; row.value() < graph.num_owned(); ++row) {
    largest_degree = std::max(largest_degree, graph.degree(row));
  }
  largest_degree = comm::max_over_ranks(graph.comm(), largest_degree);
  return largest_degree > 0 ? 1 / largest_degree : 1.0;
}

Plan plan_flow(const Problem& problem) {
  const graph::Graph& graph = problem.graph;
  const double step = step_size(graph);
  Plan plan;
  plan.max_sweeps = kInnerSteps * kOuterSteps;
  plan.starts_at_sources = false;
  plan.start = one_hot(problem.state, to_size(problem.num_classes));
  plan.seeds = {.is_centered = true, .scale = [step](LocalId /*row*/) { return step; }};
  plan.finish_row = [&graph, step](LocalId row, std::span<const float> before,
                                   std::span<float> values) {
    const auto flow = static_cast<float>(step * graph.degree(row));
    for (std::size_t label = 0; label < values.size(); ++label) {
      values[label] = (1.0F - flow) * before[label] + flow * values[label];
    }
  };
  plan.projection = {kInnerSteps, kOuterSteps, problem.task.prior};
  if (plan.projection.prior.empty()) {
    plan.projection.prior = mean_label(problem.task, problem.num_classes);
  }
  return plan;
}

class PoissonVolume : public Method {
 public:
  PoissonVolume()
      : Method{{.name = "poisson_volume",
                .citation = "Poisson learning with a volume constraint (Calder et al. 2020)",
                .can_stop_early = false,
                .weighs_seeds = true}} {}

  [[nodiscard]] Count num_columns(const SolverConfig& config, int num_classes) const override {
    return poisson().num_columns(config, num_classes);
  }
  [[nodiscard]] double expected_sweeps(const SolverConfig& config) const override {
    return config.max_sweeps + kInnerSteps * kOuterSteps;
  }
  [[nodiscard]] int num_phases() const override { return 2; }

  [[nodiscard]] Plan plan(const Problem& problem) const override {
    return problem.phase == 0 ? poisson().plan(problem) : plan_flow(problem);
  }
};

}  // namespace

const Method& poisson_volume() {
  static const PoissonVolume kMethod;
  return kMethod;
}

}  // namespace kith::propagate
