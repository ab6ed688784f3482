/// The engine of conjugate gradient: systems of some tasks' columns, one after another.
#pragma once

#include <span>
#include <vector>

#include "propagate/block_conjugate_gradient.hpp"
#include "propagate/engine.hpp"

namespace kith::propagate {

class ConjugateGradient : public Engine {
 public:
  /// Collective. plans: one a task, kept alive by the caller.
  ConjugateGradient(const graph::Graph& graph, const graph::Components& components,
                    std::span<const Plan> plans, int num_classes);

  void step(bool measured) override;
  void read_row(std::size_t task, LocalId row, std::span<float> values) const override;
  void retire(std::size_t task) override;
  /// The residual of a system says less about its solution than a sweep's change does.
  [[nodiscard]] double tolerance_factor() const override { return 1e-6; }
  [[nodiscard]] std::vector<double> save_numbers(std::size_t task) const override;
  void load_numbers(std::size_t task, std::span<const double> numbers) override;

 protected:
  void measure(std::size_t task, Measure& measure) override;
  [[nodiscard]] Count state_bytes(std::size_t task) const override;
  void save_state(std::size_t task, Count row, std::byte* to) const override;
  void load_state(std::size_t task, Count row, const std::byte* from) override;

 private:
  struct Place {
    std::size_t system;
    std::size_t task;  // in the system
  };
  std::vector<BlockConjugateGradient> systems_;
  std::vector<Place> places_;  // of each task
};

}  // namespace kith::propagate
