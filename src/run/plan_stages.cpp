// The plans of all stages, and what follows from them.
#include <algorithm>

#include "kith/core/memory.hpp"
#include "kith/propagate/method.hpp"
#include "kith/run/stage.hpp"

namespace kith::run {

Count base_memory() {
  static const Count kAtStart = resident_bytes();
  return kAtStart;
}

int labels_of_row(const PlanInput& input) {
  ensemble::EnsembleConfig config;
  config.top_labels = input.top_labels;
  return ensemble::labels_kept(config, input.classes);
}

int tasks_a_member(const PlanInput& input) {
  return input.folds < 2 ? 1 : input.folds + 1;
}

Count columns_of_task(const PlanInput& input, const ensemble::MemberConfig& member) {
  if (member.head != nullptr) {
    return 0;
  }
  const propagate::Method& method = *member.solver.method;
  const int labels = labels_of_row(input);
  const bool is_of_paths = method.facts().walk == propagate::Walk::shortest_paths;
  return labels < input.classes && !is_of_paths ? labels
                                                : method.num_columns(member.solver, input.classes);
}

Count label_columns(const PlanInput& input) {
  Count columns = 0;
  for (const ensemble::MemberConfig& member : input.members) {
    columns += tasks_a_member(input) * columns_of_task(input, member);
  }
  return columns;
}

std::vector<StagePlan> plan_stages(const StageList& stages, const PlanInput& input,
                                   const Rates& rates) {
  std::vector<StagePlan> plans;
  for (const Stage* stage : stages.all()) {
    plans.push_back(stage->plan(input, rates));
  }
  return plans;
}

int smallest_nodes(const StageList& stages, const PlanInput& input, const Rates& rates) {
  constexpr int kMostNodes = 100000;
  const auto fits = [&](int nodes) {
    PlanInput tried = input;
    tried.ranks = nodes * input.ranks_per_node;
    const auto plans = plan_stages(stages, tried, rates);
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

}  // namespace kith::run
