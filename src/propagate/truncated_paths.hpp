/// Nearest seeds of many classes: their state never has more labels than seeds that are near.
#pragma once

#include "propagate/nearest_seeds.hpp"

namespace kith::propagate {

class TruncatedPaths : public NearestSeeds {
 public:
  /// Collective. task: kept alive by the caller. top: labels kept a row.
  TruncatedPaths(const graph::Graph& graph, const Task* task, int num_classes, int top)
      : NearestSeeds{graph, std::span{&task, 1}, num_classes}, top_{top} {}

  [[nodiscard]] bool has_all_classes() const override { return false; }
  void collect(std::size_t index, const Task& task, const Plan& plan,
               TaskResult& result) const override;

 protected:
  void best_classes(std::size_t task, Count begin, Count end,
                    std::span<std::int32_t> best) const override;

 private:
  void read_entries(Count row, std::vector<LabelValue>& entries) const;

  int top_;
};

}  // namespace kith::propagate
