#include <map>
#include <numeric>

#include "propagate/plan.hpp"

namespace kith::propagate {

std::vector<SourceRow> seed_rows(const graph::Graph& graph, const Task& task, int num_classes) {
  std::map<LocalId, std::vector<float>> rows;
  for (const NodeSeed& seed : task.seeds) {
    if (!graph.owned().contains(seed.node)) {
      continue;
    }
    std::vector<float>& values = rows[graph.local_id(seed.node)];
    values.resize(to_size(num_classes), 0.0F);
    values[to_size(seed.label)] += seed.weight;
  }
  std::vector<SourceRow> result;
  result.reserve(rows.size());
  for (auto& [row, values] : rows) {
    result.push_back({row, std::move(values)});
  }
  return result;
}

std::vector<SourceRow> seed_distributions(const graph::Graph& graph, const Task& task,
                                          int num_classes) {
  std::vector<SourceRow> rows = seed_rows(graph, task, num_classes);
  for (SourceRow& source : rows) {
    const float weight = std::accumulate(source.values.begin(), source.values.end(), 0.0F);
    for (float& value : source.values) {
      value /= weight;
    }
  }
  return rows;
}

std::vector<double> mean_label(const Task& task, int num_classes) {
  std::vector<double> mean(to_size(num_classes) + 1, 0.0);
  for (const NodeSeed& seed : task.seeds) {
    mean[to_size(seed.label)] += seed.weight;
    mean.back() += seed.weight;
  }
  for (int label = 0; label < num_classes; ++label) {
    mean[to_size(label)] /= mean.back();
  }
  return mean;
}

}  // namespace kith::propagate
