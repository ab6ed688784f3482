// The plans of all stages, and what follows from them.
#include <algorithm>

#include "kith/core/memory.hpp"

#include "pipeline/plan_sizes.hpp"
#include "pipeline/stage.hpp"

namespace kith::pipeline {

Count base_memory() {
  static const Count kAtStart = resident_bytes();
  return kAtStart;
}

Count most_graph_ghosts(const PlanInput& input) {
  const Sizes of{input};
  return static_cast<Count>(std::min(of.items - of.nodes, of.edges));
}

std::vector<StagePlan> plan_stages(const PlanInput& in, const Rates& rates) {
  std::vector<StagePlan> plans;
  for (const Stage* stage : stages()) {
    plans.push_back(stage->plan(in, rates));
  }
  return plans;
}

int smallest_nodes(const PlanInput& input, const Rates& rates) {
  constexpr int kMostNodes = 100000;
  const auto fits = [&](int nodes) {
    PlanInput tried = input;
    tried.ranks = nodes * input.ranks_per_node;
    const auto plans = plan_stages(tried, rates);
    return std::all_of(plans.begin(), plans.end(), [&](const StagePlan& stage) {
      return stage.memory_bytes * input.ranks_per_node <= input.node_memory;
    });
  };
  int nodes = 1;
  while (!fits(nodes)) {
    nodes *= 2;
    if (nodes > kMostNodes) {
      return 0;
    }
  }
  int low = nodes / 2;  // does not fit, or is 0
  while (nodes - low > 1) {
    const int middle = (low + nodes) / 2;
    (fits(middle) ? nodes : low) = middle;
  }
  return nodes;
}

}  // namespace kith::pipeline
