#include "propagate/truncated_paths.hpp"

#include "propagate/truncated.hpp"

namespace kith::propagate {

void TruncatedPaths::collect(std::size_t /*index*/, const Task& task, const Plan& plan,
                             TaskResult& result) const {
  const auto read = [this](Count row, std::vector<LabelValue>& entries) {
    read_entries(row, entries);
    return 0.0F;
  };
  collect_truncated({graph(), task, plan, num_classes(), top_}, read, result);
}

void TruncatedPaths::best_classes(std::size_t /*task*/, Count begin, Count end,
                                  std::span<std::int32_t> best) const {
  std::vector<LabelValue> entries;
  for (Count row = begin; row < end; ++row) {
    read_entries(row, entries);
    best[to_size(row - begin)] = put_largest_first(entries, 1) > 0 ? entries.front().label : -1;
  }
}

void TruncatedPaths::read_entries(Count row, std::vector<LabelValue>& entries) const {
  entries.clear();
  visit_labels(0, LocalId{static_cast<std::int32_t>(row)}, [&](Label label, float share) {
    const auto same = std::find_if(entries.begin(), entries.end(), [&](const LabelValue& entry) {
      return entry.label == label.value();
    });
    if (same != entries.end()) {
      same->value += share;
    } else {
      entries.push_back({label.value(), share});
    }
  });
}

}  // namespace kith::propagate
