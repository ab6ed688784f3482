// Poisson learning with a volume constraint: J. Calder, B. Cook, M. Thorpe, D. Slepcev, "Poisson
// learning", ICML 2020, algorithm 2 (PoissonMBO). The first phase is Poisson learning; the second
// repeats 40 explicit steps of the heat equation with the seeds as source,
// u <- u - dt (L u - B), dt = 1 / max d, and a projection to one-hot rows with the given class
// shares. The rows of the last projection are kept as r_k u_k, so that they say how sure they are.
#include <algorithm>
#include <numeric>

#include "kith/comm/collectives.hpp"

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

}  // namespace

Plan plan_volume(const graph::Graph& graph, const Task& task, int num_classes,
                 std::span<const float> potential) {
  double largest_degree = 0;
  for (LocalId row{0}; row.value() < graph.num_owned(); ++row) {
    largest_degree = std::max(largest_degree, graph.degree(row));
  }
  largest_degree = comm::max_over_ranks(graph.comm(), largest_degree);
  const double step = largest_degree > 0 ? 1 / largest_degree : 1.0;

  const std::vector<double> mean = mean_label(task, num_classes);
  Plan plan;
  plan.num_columns = num_classes;
  plan.max_sweeps = kInnerSteps * kOuterSteps;
  plan.start = one_hot(potential, to_size(num_classes));
  plan.sources = seed_rows(graph, task, num_classes);
  for (SourceRow& source : plan.sources) {
    const float weight = std::accumulate(source.values.begin(), source.values.end(), 0.0F);
    for (std::size_t label = 0; label < source.values.size(); ++label) {
      source.values[label] =
          static_cast<float>((source.values[label] - weight * mean[label]) * step);
    }
  }
  plan.finish_row = [&graph, step](LocalId row, std::span<const float> before,
                                   std::span<float> values) {
    const auto flow = static_cast<float>(step * graph.degree(row));
    for (std::size_t label = 0; label < values.size(); ++label) {
      values[label] = (1.0F - flow) * before[label] + flow * values[label];
    }
  };
  plan.projection = {kInnerSteps, kOuterSteps, task.prior};
  if (plan.projection.prior.empty()) {
    plan.projection.prior.assign(mean.begin(), mean.end() - 1);
  }
  return plan;
}

}  // namespace kith::propagate
