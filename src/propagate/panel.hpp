/// The label state of some tasks that are swept together, and one sweep over it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "kith/core/aligned.hpp"
#include "kith/graph/graph.hpp"
#include "kith/propagate/memory.hpp"

#include "propagate/kernel.hpp"
#include "propagate/plan.hpp"

namespace kith::propagate {

/// An accelerated plan goes by the Chebyshev semi-iterative method (G. Golub, R. Varga, Numer.
/// Math. 3, 1961, section 2), x_{k+1} = omega (decay D^-1 W x_k + source - x_{k-1}) + x_{k-1}: the
/// eigenvalues of its sweep lie between -decay and decay, so that omega is known beforehand and
/// no inner product is needed. The error falls by (1 - sqrt(1 - decay^2)) / decay a sweep instead
/// of by decay.
///
/// Owns the columns of a set of tasks: row by row, every task a run of columns, padded to whole
/// blocks. Columns of a task that has ended are computed on until compact() finds enough of them to
/// drop; when all have ended, nothing is computed.
class Panel {
 public:
  /// The state and the next one.
  static constexpr ColumnBytes kColumnBytes{2 * sizeof(float), 2 * sizeof(float), sizeof(float)};

  /// Collective. plans: one a task, either all accelerated or none. Sets the start values and
  /// pushes them to the ghosts. inverse_degree: one an owned node. All are kept alive by the
  /// caller.
  Panel(const graph::Graph& graph, std::span<const Plan* const> plans,
        std::span<const float> inverse_degree);

  /// Collective. One sweep of all tasks; changes and sizes are measured if asked.
  void step(bool measured);

  void retire(std::size_t task) { slots_[task].running = false; }
  void compact();

  /// The task's columns of an owned row.
  [[nodiscard]] std::span<const float> row(std::size_t task, Count row) const;
  /// The first `width` columns of the task.
  [[nodiscard]] ColumnRun columns(std::size_t task, int width) const;
  /// Largest |x' - x| and |x'| of the first `width` columns in the last measured sweep.
  [[nodiscard]] float change(std::size_t task, int width) const;
  [[nodiscard]] float size(std::size_t task, int width) const;
  /// Why the task has ended by its own schedule, if it has.
  [[nodiscard]] std::optional<StopReason> stop(std::size_t task) const { return slots_[task].stop; }
  [[nodiscard]] const Plan& plan(std::size_t task) const { return *slots_[task].plan; }

  /// sum_j w_ij |x_i - x_j|^2 of rows [begin, end), x the task's first `width` columns times scale.
  void energy_of_rows(std::size_t task, int width, double scale, Count begin, Count end,
                      double* energy) const;

  [[nodiscard]] Count halo_bytes() const { return halo_bytes_; }

  /// What an owned row of a task needs to go on elsewhere, as bytes.
  [[nodiscard]] Count state_bytes(std::size_t task) const;
  void save_state(std::size_t task, Count row, std::byte* to) const;
  void load_state(std::size_t task, Count row, const std::byte* from);
  /// Collective, when all tasks are loaded. steps: how many sweeps they had made.
  void go_on(int steps);

 private:
  struct Slot {
    const Plan* plan;
    Count first_column = 0;
    bool running = true;
    double momentum = 1;  // omega of an accelerated plan's next sweep
    std::optional<StopReason> stop;
    std::vector<std::int32_t> projected;  // class of each owned row after the last projection
  };
  struct SourceRef {
    LocalId row;
    std::size_t slot;
    std::size_t index;  // in the plan's sources
  };

  [[nodiscard]] Count used_columns() const;
  void lay_out();
  void set_momentum();
  [[nodiscard]] SweepArguments arguments();
  void finish_rows(Count begin, Count end);
  void apply_sources(Count begin, Count end);
  void project(Slot& slot, int times_before);
  [[nodiscard]] std::span<float> row_of(const Slot& slot, Count row);
  [[nodiscard]] std::span<const float> row_of(const Slot& slot, Count row) const;

  const graph::Graph* graph_;
  std::span<const float> inverse_degree_;
  bool accelerates_ = false;
  Count stride_ = 0;
  int num_steps_ = 0;
  Count halo_bytes_ = 0;
  std::vector<Slot> slots_;
  AlignedVector<float> state_;  // (owned + ghost) x stride, and a block that may be read beyond
  AlignedVector<float> next_;   // the same size; between steps the state before
  std::vector<float> decay_;    // stride
  std::vector<float> keep_;     // stride, if accelerated
  std::vector<float> change_;   // stride: of the last measured sweep
  std::vector<float> size_;
  std::vector<SourceRef> source_rows_;  // of the running tasks, sorted by row
};

}  // namespace kith::propagate
