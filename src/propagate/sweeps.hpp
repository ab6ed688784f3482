/// The label state of the tasks that are still running, and one sweep over it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kith/graph/graph.hpp"

#include "propagate/engine.hpp"
#include "propagate/kernel.hpp"
#include "propagate/plan.hpp"

namespace kith::propagate {

/// Owns the columns of a set of tasks: row by row, every task a run of columns, padded to whole
/// blocks. Columns of a task that has ended are computed on until compact() finds enough of them to
/// drop.
class Sweeps : public Engine {
 public:
  /// plans: one a task, kept alive by the caller. Sets the start values and pushes them to the
  /// ghosts.
  Sweeps(const graph::Graph& graph, std::span<const Plan> plans, int num_classes);

  void step(bool measured) override;
  void read_row(std::size_t task, LocalId row, std::span<float> values) const override;
  void retire(std::size_t task) override;
  void compact() override;
  bool add_energy(std::size_t task, double scale, ExactSum& rough, ExactSum& whole) const override;
  [[nodiscard]] Count halo_bytes() const override { return halo_bytes_; }

 protected:
  void measure(std::size_t task, Measure& measure) override;
  [[nodiscard]] float unmixed(std::size_t task, LocalId row) const override;

 private:
  struct Slot {
    const Plan* plan;
    Count first_column = 0;
    bool running = true;
    std::optional<StopReason> stop;
    std::vector<std::int32_t> projected;  // class of each owned row after the last projection
  };
  struct SourceRef {
    LocalId row;
    std::size_t slot;
    std::size_t index;  // in the plan's sources
  };

  void lay_out();
  void finish_rows(Count begin, Count end);
  void apply_sources(Count begin, Count end);
  void project(Slot& slot, int times_before);
  [[nodiscard]] std::span<float> row_of(const Slot& slot, Count row);
  [[nodiscard]] std::span<const float> row_of(const Slot& slot, Count row) const;

  Count stride_ = 0;
  int num_steps_ = 0;
  Count halo_bytes_ = 0;
  std::vector<Slot> slots_;
  std::vector<float> state_;  // (owned + ghost) x stride
  std::vector<float> next_;   // the same size; between steps the state before
  std::vector<float> decay_;
  std::vector<float> inverse_degree_;
  std::vector<float> change_;  // stride: of the last measured sweep
  std::vector<float> size_;
  std::vector<SourceRef> source_rows_;  // of the running tasks, sorted by row
};

}  // namespace kith::propagate
