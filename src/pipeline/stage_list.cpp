#include <algorithm>

#include "kith/core/error.hpp"

#include "pipeline/stage.hpp"

namespace kith::pipeline {
namespace {

/// Each after those that it reads; else in the order of the list.
std::vector<const Stage*> in_order(std::vector<const Stage*> waiting) {
  std::vector<const Stage*> order;
  const auto is_there = [&](const std::string& name) {
    return std::any_of(order.begin(), order.end(),
                       [&](const Stage* stage) { return stage->name() == name; });
  };
  while (!waiting.empty()) {
    const auto next = std::find_if(waiting.begin(), waiting.end(), [&](const Stage* stage) {
      const std::vector<std::string>& read = stage->description().stages;
      return std::all_of(read.begin(), read.end(), is_there);
    });
    if (next == waiting.end()) {
      fail("stage {} reads a stage that is not in the list, or itself", waiting.front()->name());
    }
    order.push_back(*next);
    waiting.erase(next);
  }
  return order;
}

}  // namespace

std::span<const Stage* const> stages() {
  static const std::vector<const Stage*> kStages =
      in_order({&check_stage(), &cells_stage(), &knn_stage(), &graph_stage(), &propagate_stage(),
                &ensemble_stage(), &qa_stage()});
  return kStages;
}

const Stage* find_stage(const std::string& name) {
  const std::span<const Stage* const> all = stages();
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](const Stage* stage) { return stage->name() == name; });
  return found == all.end() ? nullptr : *found;
}

}  // namespace kith::pipeline
