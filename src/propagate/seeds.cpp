#include <map>

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

}  // namespace kith::propagate
