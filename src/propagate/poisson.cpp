// Poisson learning: J. Calder, B. Cook, M. Thorpe, D. Slepcev, "Poisson learning: graph based
// semi-supervised learning at very low label rates", ICML 2020, algorithm 1: L u = sum_j delta_j
// (y_j - ybar), iterated as u <- u + D^-1 (B - L u) = D^-1 W u + D^-1 B, stopped when the random
// walk that starts at the seeds has mixed: max |v - v_inf| <= 1/N. The walk's column here is D^-1
// v, which obeys the same recursion without a source. On a graph of several components its limit is
// taken in each of them: the seeds' share of the component, spread over its nodes in proportion to
// degree.
#include <cmath>
#include <map>

#include "kith/comm/collectives.hpp"
#include "kith/graph/components.hpp"

#include "propagate/plan.hpp"

namespace kith::propagate {
namespace {

double inverse(double degree) {
  return degree > 0 ? 1 / degree : 1.0;
}

}  // namespace

std::vector<float> stationary_walk(const graph::Graph& graph, const graph::Components& components,
                                   std::span<const SourceRow> start) {
  std::vector<Position> mine;
  for (const SourceRow& row : start) {
    mine.push_back(components.component[to_size(row.row)]);
  }
  std::map<Position, std::size_t> index;  // components with a seed, on any rank
  for (const Position component : comm::gather_to_all<Position>(graph.comm(), mine).items) {
    index.try_emplace(component, index.size());
  }
  std::vector<ExactSum> sums(2 * index.size());  // volume and seed share of each
  for (LocalId row{0}; row.value() < graph.num_owned(); ++row) {
    const auto found = index.find(components.component[to_size(row)]);
    if (found != index.end()) {
      sums[2 * found->second].add(graph.degree(row));
    }
  }
  for (const SourceRow& row : start) {
    const double degree = graph.degree(row.row);
    const std::size_t at = index.at(components.component[to_size(row.row)]);
    sums[2 * at + 1].add(row.values.back() * (degree > 0 ? degree : 1.0));
  }
  comm::sum_over_ranks(graph.comm(), sums);
  std::vector<float> limit(to_size(graph.num_owned()), 0.0F);
  for (LocalId row{0}; row.value() < graph.num_owned(); ++row) {
    const auto found = index.find(components.component[to_size(row)]);
    if (found != index.end()) {
      const double volume = sums[2 * found->second].value();
      const double share = sums[2 * found->second + 1].value();
      limit[to_size(row)] = volume > 0 ? static_cast<float>(share / volume) : 0.0F;
    }
  }
  return limit;
}

Plan plan_poisson(const graph::Graph& graph, const graph::Components& components, const Task& task,
                  int num_classes) {
  // Conjugate gradient goes to the limit and needs no walk to tell it when to stop.
  Plan plan;
  plan.walks = task.solver.solver == Solver::sweeps;
  plan.num_columns = num_classes + (plan.walks ? 1 : 0);
  plan.max_sweeps = task.solver.max_sweeps;
  plan.normalizes_rows = false;
  plan.sources = seed_rows(graph, task, num_classes);
  plan.start = plan.sources;
  const std::vector<double> mean = mean_label(task, num_classes);
  for (std::size_t i = 0; i < plan.sources.size(); ++i) {
    SourceRow& source = plan.sources[i];
    double weight = 0;
    for (const float value : source.values) {
      weight += value;
    }
    const double scale = inverse(graph.degree(source.row)) / mean.back();
    for (int label = 0; label < num_classes; ++label) {
      float& value = source.values[to_size(label)];
      value = static_cast<float>((value - weight * mean[to_size(label)]) * scale);
    }
    if (plan.walks) {
      source.values.push_back(0.0F);
    }
    plan.start[i].values.assign(source.values.begin(), source.values.end());
    if (plan.walks) {
      plan.start[i].values.back() = static_cast<float>(weight * scale);
    }
  }
  if (plan.walks) {
    plan.stationary = stationary_walk(graph, components, plan.start);
  }
  return plan;
}

}  // namespace kith::propagate
