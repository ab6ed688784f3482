/// The checkpoint of graphs that tasks are propagated on one after another.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "kith/comm/checkpoint.hpp"
#include "kith/graph/graph.hpp"
#include "kith/propagate/propagate.hpp"

namespace kith::stages {

/// A task of some graph.
struct ScheduledTask {
  int graph = 0;           // number in the schedule
  bool validates = false;  // its scores are of validation nodes
};

/// Keeps the results of finished graphs beside the state of the one at work.
class GraphSchedule : public comm::Checkpoint {
 public:
  /// whole: where all is kept. shared: the graph whose owned nodes all results are of. results: one
  /// a task; full where the graph is finished. All are kept alive by the caller.
  GraphSchedule(comm::Checkpoint& whole, const graph::Graph& shared,
                const propagate::RowShape& shape, std::vector<ScheduledTask> tasks,
                std::span<propagate::TaskResult> results);

  /// Collective. Fills the results of finished graphs from a snapshot; how many graphs these are.
  int resume_finished();

  /// The graphs before this one are finished.
  void begin(int graph) { graph_ = graph; }

  /// Of the graph at work.
  bool resume(const std::function<void(const comm::StateReader&)>& load) override;
  void offer(const std::function<void(comm::StateWriter&)>& save) override;

 private:
  comm::Checkpoint* whole_;
  const graph::Graph* shared_;
  propagate::RowShape shape_;
  std::vector<ScheduledTask> tasks_;
  std::span<propagate::TaskResult> results_;
  int graph_ = 0;
  int found_ = -1;  // graphs done in the snapshot; none was found
};

}  // namespace kith::stages
