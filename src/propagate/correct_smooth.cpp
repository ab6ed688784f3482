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

#include "propagate/plan.hpp"

namespace kith::propagate {
namespace {

double root_degree(const graph::Graph& graph, LocalId row) {
  const double degree = graph.degree(row);
  return degree > 0 ? std::sqrt(degree) : 1.0;
}

float absolute_sum(std::span<const float> values) {
  float sum = 0;
  for (const float value : values) {
    sum += std::abs(value);
  }
  return sum;
}

/// E0: what the voter says too little of, on each seed.
std::vector<SourceRow> seed_errors(const graph::Graph& graph, const Task& task, int num_classes) {
  const auto width = to_size(num_classes);
  std::vector<SourceRow> errors = seed_distributions(graph, task, num_classes);
  for (SourceRow& error : errors) {
    for (std::size_t label = 0; label < width; ++label) {
      error.values[label] -= task.base[to_size(error.row) * width + label];
    }
  }
  return errors;
}

}  // namespace

Plan plan_correct(const graph::Graph& graph, const Task& task, int num_classes) {
  Plan plan;
  plan.num_columns = num_classes;
  plan.max_sweeps = task.solver.max_sweeps;
  plan.decay = static_cast<float>(task.solver.alpha);
  plan.sources = seed_errors(graph, task, num_classes);
  for (SourceRow& source : plan.sources) {
    const double scale = (1 - task.solver.alpha) / root_degree(graph, source.row);
    for (float& value : source.values) {
      value = static_cast<float>(value * scale);
    }
  }
  plan.start = plan.sources;
  return plan;
}

Plan plan_smooth(const graph::Graph& graph, const Task& task, int num_classes,
                 std::span<const float> error) {
  const auto width = to_size(num_classes);
  const std::vector<SourceRow> seeds = seed_distributions(graph, task, num_classes);
  std::vector<ExactSum> sums(2);  // of |E0_j|_1, and of seeds
  for (const SourceRow& seed : seed_errors(graph, task, num_classes)) {
    sums[0].add(double{absolute_sum(seed.values)});
    sums[1].add(1.0);
  }
  comm::sum_over_ranks(graph.comm(), sums);
  const auto sigma = static_cast<float>(sums[0].value() / sums[1].value());

  Plan plan;
  plan.num_columns = num_classes;
  plan.max_sweeps = task.solver.max_sweeps;
  plan.decay = static_cast<float>(task.solver.smoothing);
  auto seed = seeds.begin();
  for (LocalId row{0}; row.value() < graph.num_owned(); ++row) {
    SourceRow source{row, {}};
    if (seed != seeds.end() && seed->row == row) {
      source.values = seed->values;
      ++seed;
    } else {
      const auto base = task.base.subspan(to_size(row) * width, width);
      const auto wrong = error.subspan(to_size(row) * width, width);
      const float size = absolute_sum(wrong);
      source.values.assign(base.begin(), base.end());
      for (std::size_t label = 0; label < width && size > 0; ++label) {
        source.values[label] += sigma * wrong[label] / size;
      }
    }
    const double scale = (1 - task.solver.smoothing) / root_degree(graph, row);
    for (float& value : source.values) {
      value = static_cast<float>(value * scale);
    }
    plan.sources.push_back(std::move(source));
  }
  plan.start = plan.sources;
  return plan;
}

}  // namespace kith::propagate
