/// What carries tasks on: one step of all of them at a time, measured when asked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "kith/core/exact_sum.hpp"
#include "kith/graph/graph.hpp"
#include "kith/propagate/task.hpp"

#include "propagate/plan.hpp"

namespace kith::propagate {

/// What a check of one task found on this rank, before reduction.
struct Measure {
  float change = 0;   // largest |x' - x| of the last sweep
  float size = 0;     // largest |x'|
  float unmixed = 0;  // largest distance of the walk from its limit, times degree
  Count flips = 0;
  Count reached = 0;
  Count right = 0;  // validation nodes whose best class is the truth
  std::vector<Count> class_counts;
  std::optional<StopReason> stop;  // the engine says that the task is done; the same on every rank
};

/// Tasks on one graph. Steps and checks are collective only where said; tasks go on independently.
class Engine {
 public:
  virtual ~Engine() = default;
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// Collective. One sweep or iteration of all running tasks; measured for check() if asked.
  virtual void step(bool measured) = 0;

  /// The first values.size() columns of an owned row.
  virtual void read_row(std::size_t task, LocalId row, std::span<float> values) const = 0;

  /// Task `task` has ended.
  virtual void retire(std::size_t task) = 0;

  /// Frees what retired tasks held, where that pays.
  virtual void compact() {}

  /// What the tolerance of a task is multiplied with.
  [[nodiscard]] virtual double tolerance_factor() const { return 1; }

  /// Adds this rank's tr(X'LX) and tr(X'DX), X the task's classes times scale; false if this engine
  /// knows no energy.
  virtual bool add_energy(std::size_t /*task*/, double /*scale*/, ExactSum& /*energy*/,
                          ExactSum& /*norm*/) const {
    return false;
  }

  /// What a task needs to go on in another engine. Of an owned row, with its best class at the last
  /// check.
  [[nodiscard]] Count saved_row_bytes(std::size_t task) const;
  /// Owned rows x saved_row_bytes().
  void save_rows(std::size_t task, std::span<std::byte> rows) const;
  void load_rows(std::size_t task, std::span<const std::byte> rows);
  /// And numbers that are the same on every rank.
  [[nodiscard]] virtual std::vector<double> save_numbers(std::size_t /*task*/) const { return {}; }
  virtual void load_numbers(std::size_t /*task*/, std::span<const double> /*numbers*/) {}
  /// Collective, when all tasks are loaded. steps: how many they had made.
  virtual void go_on(int /*steps*/) {}

  /// Bytes that this rank has sent to others as halo.
  [[nodiscard]] virtual Count halo_bytes() const { return 0; }

  /// What the last measured step did to task `task` on this rank. Flips are counted from check to
  /// check.
  [[nodiscard]] Measure check(std::size_t task);

  /// Validation nodes owned here whose best class is the truth.
  [[nodiscard]] Count count_right(std::size_t index, const Task& task) const;

  /// Whether rows have all classes: then checks count nodes by class, and class masses and energies
  /// are known.
  [[nodiscard]] virtual bool has_all_classes() const { return true; }

  /// Collective. Fills the scores and class masses of a result as they are now.
  virtual void collect(std::size_t index, const Task& task, const Plan& plan,
                       TaskResult& result) const;

 protected:
  Engine(const graph::Graph& graph, std::size_t num_tasks, int num_classes);

  /// Fills change, size and stop.
  virtual void measure(std::size_t task, Measure& measure) = 0;
  /// The best class of each of the owned rows [begin, end).
  virtual void best_classes(std::size_t task, Count begin, Count end,
                            std::span<std::int32_t> best) const;
  /// How far the walk of rows [begin, end) is from its limit at most.
  [[nodiscard]] virtual float unmixed(std::size_t /*task*/, Count /*begin*/, Count /*end*/) const {
    return 0;
  }

  /// The engine's part of saved rows.
  [[nodiscard]] virtual Count state_bytes(std::size_t task) const = 0;
  virtual void save_state(std::size_t task, Count row, std::byte* to) const = 0;
  virtual void load_state(std::size_t task, Count row, const std::byte* from) = 0;

  [[nodiscard]] const graph::Graph& graph() const { return *graph_; }
  [[nodiscard]] int num_classes() const { return num_classes_; }

 private:
  void check_rows(std::size_t task, Count begin, Count end, Measure& measure);

  const graph::Graph* graph_;
  int num_classes_;
  std::vector<std::vector<std::int32_t>> best_;  // [task][owned row], -1 = unreached
};

/// The best class of a row, ties to the smaller; -1 if no label has reached it.
[[nodiscard]] std::int32_t best_class(std::span<const float> scores);

}  // namespace kith::propagate
