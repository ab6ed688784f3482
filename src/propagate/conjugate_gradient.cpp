#include "propagate/conjugate_gradient.hpp"

#include "propagate/columns.hpp"

namespace kith::propagate {

ConjugateGradient::ConjugateGradient(const graph::Graph& graph, const graph::Components& components,
                                     std::span<const Plan> plans, int num_classes)
    : Engine{graph, plans.size(), num_classes} {
  std::vector<Count> widths;
  for (const Plan& plan : plans) {
    widths.push_back(plan.num_columns);
  }
  places_.resize(plans.size());
  for (const std::vector<std::size_t>& tasks : deal_panels(widths)) {
    std::vector<const Plan*> of_system;
    for (const std::size_t task : tasks) {
      places_[task] = {systems_.size(), of_system.size()};
      of_system.push_back(&plans[task]);
    }
    systems_.emplace_back(graph, components, of_system);
  }
}

void ConjugateGradient::step(bool /*measured*/) {
  for (BlockConjugateGradient& system : systems_) {
    system.step();
  }
}

void ConjugateGradient::read_row(std::size_t task, LocalId row, std::span<float> values) const {
  systems_[places_[task].system].read_row(places_[task].task, row, values);
}

std::vector<double> ConjugateGradient::save_numbers(std::size_t task) const {
  return systems_[places_[task].system].save_numbers(places_[task].task);
}

void ConjugateGradient::load_numbers(std::size_t task, std::span<const double> numbers) {
  systems_[places_[task].system].load_numbers(places_[task].task, numbers);
}

Count ConjugateGradient::state_bytes(std::size_t task) const {
  return systems_[places_[task].system].state_bytes(places_[task].task);
}

void ConjugateGradient::save_state(std::size_t task, Count row, std::byte* to) const {
  systems_[places_[task].system].save_state(places_[task].task, row, to);
}

void ConjugateGradient::load_state(std::size_t task, Count row, const std::byte* from) {
  systems_[places_[task].system].load_state(places_[task].task, row, from);
}

void ConjugateGradient::measure(std::size_t task, Measure& measure) {
  const Place& place = places_[task];
  measure.change = static_cast<float>(systems_[place.system].residual_norm(place.task));
  measure.size = 1;
}

void ConjugateGradient::retire(std::size_t task) {
  systems_[places_[task].system].retire(places_[task].task);
}

}  // namespace kith::propagate
