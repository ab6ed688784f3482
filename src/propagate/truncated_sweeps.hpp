/// The engine of one task whose rows keep the largest of many labels.
#pragma once

#include <vector>

#include "propagate/engine.hpp"
#include "propagate/label_scratch.hpp"

namespace kith::propagate {

/// Sweeps with the truncation of S. Ravi, Q. Diao, "Large scale distributed semi-supervised
/// learning using streaming approximation", AISTATS 2016, section 3.3: a row keeps its `top`
/// largest labels; the others share its residual mass evenly, and a sweep counts that share for
/// every label that a neighbor does not name. Exact while no row has more than `top` labels. Cost a
/// sweep: edges x top, and K floats of scratch a thread.
class TruncatedSweeps : public Engine {
 public:
  /// Collective. plan: with seeds, without a finish or a projection; kept alive by the caller.
  TruncatedSweeps(const Problem& problem, const Plan& plan, int top);

  void step(bool measured) override;
  void read_row(std::size_t task, LocalId row, std::span<float> values) const override;
  void retire(std::size_t task) override;
  void go_on(int steps) override;
  [[nodiscard]] bool has_all_classes() const override { return false; }
  void collect(std::size_t index, const Task& task, const Plan& plan,
               TaskResult& result) const override;
  [[nodiscard]] Count halo_bytes() const override { return halo_bytes_; }

 protected:
  void measure(std::size_t task, Measure& measure) override;
  void best_classes(std::size_t task, Count begin, Count end,
                    std::span<std::int32_t> best) const override;
  [[nodiscard]] float unmixed(std::size_t task, Count begin, Count end) const override;
  [[nodiscard]] Count state_bytes(std::size_t task) const override;
  void save_state(std::size_t task, Count row, std::byte* to) const override;
  void load_state(std::size_t task, Count row, const std::byte* from) override;

 private:
  /// A row of the state: top values, largest first, ties to the smaller label; their labels as
  /// bits; the residual mass; and the walk, if the plan walks.
  struct RowView {
    const float* data;
    int top;

    [[nodiscard]] float value(int i) const { return data[i]; }
    [[nodiscard]] std::int32_t label(int i) const;
    [[nodiscard]] float residual_mass() const { return data[Count{2} * top]; }
    [[nodiscard]] float walk() const { return data[Count{2} * top + 1]; }
  };

  void start(const graph::Components& components);
  void sweep_row(LocalId row, const NamedSource* source, LabelScratch& scratch);
  /// residual: mass of labels that are not in entries; those that fall out of the row go to it.
  void write_row(std::vector<float>& state, LocalId row, std::span<Key> entries, float residual,
                 float walk);
  void prefetch(LocalId row) const;
  float read_entries(Count row, std::vector<LabelValue>& entries) const;
  [[nodiscard]] RowView row(Count row) const { return {state_.data() + row * stride_, top_}; }

  const Plan* plan_;
  int top_;
  Count stride_ = 0;
  Count halo_bytes_ = 0;
  std::vector<NamedSource> sources_;  // sorted by row
  std::vector<float> state_;          // (owned + ghost) x stride
  std::vector<float> next_;
  std::vector<float> stationary_;
  std::vector<LabelScratch> scratch_;  // of each thread
};

}  // namespace kith::propagate
