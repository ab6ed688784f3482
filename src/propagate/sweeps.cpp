#include "propagate/sweeps.hpp"

#include <algorithm>
#include <cmath>
#include <mutex>

#include "kith/core/parallel.hpp"

#include "propagate/columns.hpp"

namespace kith::propagate {
Sweeps::Sweeps(const graph::Graph& graph, std::span<const Plan> plans, int num_classes)
    : Engine{graph, plans.size(), num_classes} {
  inverse_degree_.resize(to_size(graph.num_owned()));
  for (LocalId row{0}; row.value() < graph.num_owned(); ++row) {
    const double degree = graph.degree(row);
    inverse_degree_[to_size(row)] = degree > 0 ? static_cast<float>(1 / degree) : 0.0F;
  }
  places_.resize(plans.size());
  add_panels(plans, false);
  add_panels(plans, true);
}

void Sweeps::add_panels(std::span<const Plan> plans, bool accelerated) {
  std::vector<std::size_t> tasks;
  std::vector<Count> widths;
  for (std::size_t i = 0; i < plans.size(); ++i) {
    if (plans[i].accelerates == accelerated) {
      tasks.push_back(i);
      widths.push_back(plans[i].num_columns);
    }
  }
  for (const std::vector<std::size_t>& dealt : deal_panels(widths)) {
    std::vector<const Plan*> of_panel;
    for (const std::size_t at : dealt) {
      places_[tasks[at]] = {panels_.size(), of_panel.size()};
      of_panel.push_back(&plans[tasks[at]]);
    }
    panels_.emplace_back(graph(), of_panel, inverse_degree_);
  }
}

void Sweeps::step(bool measured) {
  for (Panel& panel : panels_) {
    panel.step(measured);
  }
}

void Sweeps::read_row(std::size_t task, LocalId row, std::span<float> values) const {
  const std::span<const float> from = panel_of(task).row(places_[task].task, row.value());
  std::copy_n(from.begin(), values.size(), values.begin());
}

Count Sweeps::state_bytes(std::size_t task) const {
  return panel_of(task).state_bytes(places_[task].task);
}

void Sweeps::save_state(std::size_t task, Count row, std::byte* to) const {
  panel_of(task).save_state(places_[task].task, row, to);
}

void Sweeps::load_state(std::size_t task, Count row, const std::byte* from) {
  panels_[places_[task].panel].load_state(places_[task].task, row, from);
}

void Sweeps::go_on(int steps) {
  for (Panel& panel : panels_) {
    panel.go_on(steps);
  }
}

void Sweeps::retire(std::size_t task) {
  panels_[places_[task].panel].retire(places_[task].task);
}

void Sweeps::compact() {
  for (Panel& panel : panels_) {
    panel.compact();
  }
}

void Sweeps::measure(std::size_t task, Measure& measure) {
  const Panel& panel = panel_of(task);
  const std::size_t at = places_[task].task;
  measure.change = panel.change(at, num_classes());
  measure.size = panel.size(at, num_classes());
  measure.stop = panel.stop(at);
}

void Sweeps::best_classes(std::size_t task, Count begin, Count end,
                          std::span<std::int32_t> best) const {
  best_columns(panel_of(task).columns(places_[task].task, num_classes()), begin, end, best.data());
}

float Sweeps::unmixed(std::size_t task, Count begin, Count end) const {
  const Panel& panel = panel_of(task);
  const Plan& plan = panel.plan(places_[task].task);
  float largest = 0;
  for (Count row = begin; row < end && plan.walks; ++row) {
    const float walk = panel.row(places_[task].task, row).back();
    const double apart = graph().degree(LocalId{static_cast<std::int32_t>(row)}) *
                         (walk - plan.stationary[to_size(row)]);
    largest = std::max(largest, static_cast<float>(std::abs(apart)));
  }
  return largest;
}

bool Sweeps::add_energy(std::size_t task, double scale, ExactSum& energy, ExactSum& norm) const {
  const Panel& panel = panel_of(task);
  std::mutex merging;
  parallel_for(graph().num_owned(), kRowsPerChunk, [&](Count begin, Count end) {
    std::vector<double> of_row(to_size(end - begin));
    panel.energy_of_rows(places_[task].task, num_classes(), scale, begin, end, of_row.data());
    ExactSum chunk_energy;
    ExactSum chunk_norm;
    for (Count row = begin; row < end; ++row) {
      const float* mine = panel.row(places_[task].task, row).data();
      double square = 0;
      for (int label = 0; label < num_classes(); ++label) {
        square += (scale * mine[label]) * (scale * mine[label]);
      }
      chunk_energy.add(of_row[to_size(row - begin)] / 2);  // each edge is seen twice
      chunk_norm.add(graph().degree(LocalId{static_cast<std::int32_t>(row)}) * square);
    }
    const std::scoped_lock lock{merging};
    energy.add(chunk_energy);
    norm.add(chunk_norm);
  });
  return true;
}

Count Sweeps::halo_bytes() const {
  Count bytes = 0;
  for (const Panel& panel : panels_) {
    bytes += panel.halo_bytes();
  }
  return bytes;
}

}  // namespace kith::propagate
