/// Rows that keep the largest of many labels: each as it is read, and the results of its task.
#pragma once

#include <algorithm>
#include <functional>
#include <span>
#include <vector>

#include "kith/graph/graph.hpp"

#include "propagate/plan.hpp"

namespace kith::propagate {

/// Fills the labels of an owned row, none twice; returns the residual mass: what all others have
/// together.
using ReadEntries = std::function<float(Count row, std::vector<LabelValue>& entries)>;

/// Puts the `most` largest first, in order, ties to the smaller label; returns how many there are.
inline std::size_t put_largest_first(std::span<LabelValue> entries, int most) {
  const auto is_larger = [](const LabelValue& a, const LabelValue& b) {
    return a.value != b.value ? a.value > b.value : a.label < b.label;
  };
  const auto kept = entries.begin() + static_cast<Count>(std::min(entries.size(), to_size(most)));
  if (kept != entries.end()) {
    std::nth_element(entries.begin(), kept, entries.end(), is_larger);
  }
  std::sort(entries.begin(), kept, is_larger);
  return to_size(kept - entries.begin());
}

/// A task whose rows are truncated.
struct TruncatedTask {
  const graph::Graph& graph;
  const Task& task;
  const Plan& plan;
  int num_classes = 0;
  int top = 0;  // labels kept a row
};

/// Collective. Fills scores, labels, other, class mass and residual masses.
void collect_truncated(const TruncatedTask& of, const ReadEntries& read, TaskResult& result);

/// The same of a task without seeds. Does not communicate.
void collect_nothing(const graph::Graph& graph, const Task& task, int top, TaskResult& result);

}  // namespace kith::propagate
