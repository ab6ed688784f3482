/// The engine of the methods' own iterations: panels of columns that are swept one after another.
#pragma once

#include <span>
#include <vector>

#include "propagate/engine.hpp"
#include "propagate/panel.hpp"

namespace kith::propagate {

/// Tasks in panels of columns. A panel's state is small enough for its rows to be found in the
/// cache when a neighbor needs them; a panel whose tasks have all ended costs nothing.
class Sweeps : public Engine {
 public:
  /// Collective. plans: one a task, kept alive by the caller.
  Sweeps(const graph::Graph& graph, std::span<const Plan> plans, int num_classes);

  void step(bool measured) override;
  void read_row(std::size_t task, LocalId row, std::span<float> values) const override;
  void retire(std::size_t task) override;
  void compact() override;
  bool add_energy(std::size_t task, double scale, ExactSum& energy, ExactSum& norm) const override;
  [[nodiscard]] Count halo_bytes() const override;
  void go_on(int steps) override;

 protected:
  void measure(std::size_t task, Measure& measure) override;
  void best_classes(std::size_t task, Count begin, Count end,
                    std::span<std::int32_t> best) const override;
  [[nodiscard]] float unmixed(std::size_t task, Count begin, Count end) const override;
  [[nodiscard]] Count state_bytes(std::size_t task) const override;
  void save_state(std::size_t task, Count row, std::byte* to) const override;
  void load_state(std::size_t task, Count row, const std::byte* from) override;

 private:
  struct Place {
    std::size_t panel;
    std::size_t task;  // in the panel
  };

  void add_panels(std::span<const Plan> plans, bool accelerated);
  [[nodiscard]] const Panel& panel_of(std::size_t task) const {
    return panels_[places_[task].panel];
  }

  std::vector<float> inverse_degree_;
  std::vector<Panel> panels_;
  std::vector<Place> places_;  // of each task
};

}  // namespace kith::propagate
