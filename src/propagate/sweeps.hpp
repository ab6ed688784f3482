/// The label state of the tasks that are still running, and one sweep over it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kith/graph/graph.hpp"

#include "propagate/kernel.hpp"
#include "propagate/plan.hpp"

namespace kith::propagate {

/// What a check of one task found on this rank, before reduction.
struct Measure {
  float change = 0;   // largest |x' - x| of the last sweep
  float size = 0;     // largest |x'|
  float unmixed = 0;  // largest distance of the walk from its limit, times degree
  Count flips = 0;
  Count reached = 0;
  std::vector<Count> class_counts;
};

/// Owns the columns of a set of tasks: row by row, every task a run of columns, padded to whole
/// blocks.
class Sweeps {
 public:
  /// plans: one a task, kept alive by the caller. Sets the start values and pushes them to the
  /// ghosts.
  Sweeps(const graph::Graph& graph, std::span<const Plan> plans, int num_classes);

  /// Collective. One sweep of all running tasks; measures it for check() if asked.
  void sweep(bool measured);

  /// What the last measured sweep did to task `task` on this rank. Flips are counted from check to
  /// check.
  [[nodiscard]] Measure check(std::size_t task);

  /// The K values of one owned row.
  [[nodiscard]] std::span<const float> row(std::size_t task, LocalId row) const;

  /// Task `task` has ended. Its columns are computed on until compact() finds enough of them to
  /// drop.
  void retire(std::size_t task);
  void compact();

 private:
  struct Slot {
    const Plan* plan;
    Count first_column = 0;
    bool running = true;
    std::vector<std::int16_t> best;  // last checked prediction of each owned row, -1 = unreached
  };
  struct SourceRef {
    LocalId row;
    std::size_t slot;
    std::size_t index;  // in the plan's sources
  };

  void lay_out();
  void apply_sources(Count begin, Count end);
  void check_row(Slot& slot, std::size_t task, LocalId node, Measure& measure) const;

  const graph::Graph* graph_;
  int num_classes_;
  Count stride_ = 0;
  std::vector<Slot> slots_;
  std::vector<float> state_;  // (owned + ghost) x stride
  std::vector<float> next_;   // the same size; ghosts are filled by the push
  std::vector<float> decay_;
  std::vector<float> inverse_degree_;
  std::vector<float> change_;  // stride: of the last measured sweep
  std::vector<float> size_;
  std::vector<SourceRef> source_rows_;  // of the running tasks, sorted by row
};

}  // namespace kith::propagate
