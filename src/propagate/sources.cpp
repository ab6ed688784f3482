#include <cmath>
#include <map>
#include <numeric>

#include "kith/comm/collectives.hpp"

#include "propagate/plan.hpp"

namespace kith::propagate {
namespace {

/// The weights of the labels of each owned seed.
std::map<LocalId, std::map<Label, float>> label_weights(const Problem& problem) {
  std::map<LocalId, std::map<Label, float>> rows;
  for (const NodeSeed& seed : problem.task.seeds) {
    if (problem.graph.owned().contains(seed.node)) {
      rows[problem.graph.local_id(seed.node)][seed.label] += seed.weight;
    }
  }
  return rows;
}

void normalize(std::span<float> values) {
  const float weight = std::accumulate(values.begin(), values.end(), 0.0F);
  for (float& value : values) {
    value /= weight;
  }
}

/// The row of `seeds`, and where its walk starts.
float scale_row(const SeedSources& seeds, std::span<const double> mean, SourceRow& source) {
  if (seeds.is_normalized) {
    normalize(source.values);
  }
  const double weight = std::accumulate(source.values.begin(), source.values.end(), 0.0);
  const double scale = seeds.scale(source.row);
  for (std::size_t label = 0; label < source.values.size(); ++label) {
    const double center = seeds.is_centered ? weight * mean[label] : 0.0;
    source.values[label] = static_cast<float>((source.values[label] - center) * scale);
  }
  return static_cast<float>(weight * scale);
}

}  // namespace

void fill_rows(Plan& plan, const Problem& problem) {
  if (plan.num_columns == 0) {
    plan.num_columns = problem.num_classes + (plan.walks ? 1 : 0);
  }
  std::vector<WalkStart> walks;
  if (plan.seeds) {
    const std::vector<double> mean = mean_label(problem.task, problem.num_classes);
    plan.sources = seed_rows(problem);
    for (SourceRow& source : plan.sources) {
      walks.push_back({source.row, scale_row(*plan.seeds, mean, source)});
    }
  }
  for (SourceRow& source : plan.sources) {
    source.values.resize(source.values.size() + (plan.walks ? 1 : 0), 0.0F);
  }
  if (plan.starts_at_sources) {
    plan.start = plan.sources;
  }
  if (plan.walks) {
    for (std::size_t i = 0; i < walks.size(); ++i) {
      plan.start[i].values.back() = walks[i].value;
    }
    plan.stationary = stationary_walk(problem.graph, problem.components, walks);
  }
}

std::vector<NamedSource> named_sources(const Problem& problem, const SeedSources& seeds) {
  std::vector<NamedSource> sources;
  for (const auto& [row, weights] : label_weights(problem)) {
    SourceRow values{row, {}};
    for (const auto& [label, weight] : weights) {
      values.values.push_back(weight);
    }
    SeedSources uncentered = seeds;
    uncentered.is_centered = false;
    NamedSource& source = sources.emplace_back();
    source.row = row;
    source.walk = scale_row(uncentered, {}, values);
    auto value = values.values.begin();
    for (const auto& [label, weight] : weights) {
      source.entries.push_back({label.value(), *value++});
    }
  }
  return sources;
}

std::vector<float> stationary_walk(const graph::Graph& graph, const graph::Components& components,
                                   std::span<const WalkStart> starts) {
  std::vector<Position> mine;
  for (const WalkStart& start : starts) {
    mine.push_back(components.component[to_size(start.row)]);
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
  for (const WalkStart& start : starts) {
    const double degree = graph.degree(start.row);
    const std::size_t at = index.at(components.component[to_size(start.row)]);
    sums[2 * at + 1].add(start.value * (degree > 0 ? degree : 1.0));
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

std::vector<SourceRow> seed_rows(const Problem& problem) {
  std::vector<SourceRow> rows;
  for (const auto& [row, weights] : label_weights(problem)) {
    SourceRow& source = rows.emplace_back();
    source.row = row;
    source.values.resize(to_size(problem.num_classes), 0.0F);
    for (const auto& [label, weight] : weights) {
      source.values[to_size(label)] = weight;
    }
  }
  return rows;
}

std::vector<SourceRow> seed_distributions(const Problem& problem) {
  std::vector<SourceRow> rows = seed_rows(problem);
  for (SourceRow& source : rows) {
    normalize(source.values);
  }
  return rows;
}

std::vector<double> mean_label(const Task& task, int num_classes) {
  std::vector<double> mean(to_size(num_classes), 0.0);
  for (const NodeSeed& seed : task.seeds) {
    mean[to_size(seed.label)] += seed.weight;
  }
  const double total = total_weight(task);
  for (double& share : mean) {
    share /= total;
  }
  return mean;
}

double total_weight(const Task& task) {
  double total = 0;
  for (const NodeSeed& seed : task.seeds) {
    total += seed.weight;
  }
  return total;
}

double root_degree(const graph::Graph& graph, LocalId row) {
  const double degree = graph.degree(row);
  return degree > 0 ? std::sqrt(degree) : 1.0;
}

}  // namespace kith::propagate
