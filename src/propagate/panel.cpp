#include "propagate/panel.hpp"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <utility>

#include "kith/comm/collectives.hpp"
#include "kith/core/parallel.hpp"
#include "kith/propagate/volume_projection.hpp"

#include "propagate/columns.hpp"
#include "propagate/weighted_best.hpp"

namespace kith::propagate {
namespace {

constexpr std::int32_t kNotProjected = -2;  // differs from every class and from none

}  // namespace

Panel::Panel(const graph::Graph& graph, std::span<const Plan* const> plans,
             std::span<const float> inverse_degree)
    : graph_{&graph}, inverse_degree_{inverse_degree} {
  for (const Plan* plan : plans) {
    slots_.push_back({plan, 0, true, 1, {}, {}});
    if (plan->projection.every > 0) {
      slots_.back().projected.assign(to_size(graph.num_owned()), kNotProjected);
    }
    accelerates_ = plan->accelerates;
  }
  lay_out();
  for (const Slot& slot : slots_) {
    for (const SourceRow& start : slot.plan->start) {
      std::copy(start.values.begin(), start.values.end(), row_of(slot, start.row.value()).begin());
    }
  }
  graph.halo().push(std::span{state_}, stride_);
}

Count Panel::used_columns() const {
  Count used = 0;
  for (const Slot& slot : slots_) {
    used += slot.running ? slot.plan->num_columns : 0;
  }
  return used;
}

void Panel::lay_out() {
  const Count old_stride = stride_;
  std::vector<Count> old_first;
  stride_ = 0;
  source_rows_.clear();
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    Slot& slot = slots_[i];
    old_first.push_back(slot.first_column);
    slot.first_column = stride_;
    stride_ += slot.running ? slot.plan->num_columns : 0;
    for (std::size_t source = 0; slot.running && source < slot.plan->sources.size(); ++source) {
      source_rows_.push_back({slot.plan->sources[source].row, i, source});
    }
  }
  stride_ = padded(stride_);
  std::stable_sort(source_rows_.begin(), source_rows_.end(),
                   [](const SourceRef& a, const SourceRef& b) { return a.row < b.row; });
  const Count num_rows = graph_->num_owned() + graph_->num_ghosts();
  for (AlignedVector<float>* values : {&state_, &next_}) {
    AlignedVector<float> moved(to_size(num_rows * stride_ + kColumnBlock), 0.0F);
    for (std::size_t i = 0; i < slots_.size() && old_stride > 0; ++i) {
      const Count width = slots_[i].running ? slots_[i].plan->num_columns : 0;
      for (Count row = 0; row < num_rows; ++row) {
        std::copy_n(values->begin() + row * old_stride + old_first[i], width,
                    moved.begin() + row * stride_ + slots_[i].first_column);
      }
    }
    *values = std::move(moved);
  }
  decay_.assign(to_size(stride_), 0.0F);
  keep_.assign(accelerates_ ? to_size(stride_) : 0, 0.0F);
  for (const Slot& slot : slots_) {
    if (slot.running) {
      std::fill_n(decay_.begin() + slot.first_column, slot.plan->num_columns, slot.plan->decay);
    }
  }
  change_.assign(to_size(stride_), 0.0F);
  size_.assign(to_size(stride_), 0.0F);
}

void Panel::compact() {
  const Count used = used_columns();
  if (used == 0) {
    for (AlignedVector<float>* values : {&state_, &next_}) {
      AlignedVector<float>{}.swap(*values);
    }
  } else if (padded(used) * 4 <= stride_ * 3) {
    lay_out();
  }
}

void Panel::set_momentum() {
  for (Slot& slot : slots_) {
    if (!slot.running) {
      continue;
    }
    const double rho = slot.plan->decay;
    slot.momentum =
        num_steps_ == 0 ? 1 : 1 / (1 - rho * rho * slot.momentum / (num_steps_ == 1 ? 2 : 4));
    const auto width = slot.plan->num_columns;
    std::fill_n(decay_.begin() + slot.first_column, width, static_cast<float>(slot.momentum * rho));
    std::fill_n(keep_.begin() + slot.first_column, width, static_cast<float>(1 - slot.momentum));
  }
}

SweepArguments Panel::arguments() {
  return {graph_->offsets().data(),
          graph_->columns().data(),
          graph_->weights().data(),
          inverse_degree_.data(),
          decay_.data(),
          accelerates_ ? keep_.data() : nullptr,
          stride_,
          state_.data(),
          next_.data()};
}

void Panel::step(bool measured) {
  if (used_columns() == 0) {
    return;
  }
  if (accelerates_) {
    set_momentum();
  }
  std::fill(change_.begin(), change_.end(), 0.0F);
  std::fill(size_.begin(), size_.end(), 0.0F);
  const SweepArguments sweep = arguments();
  std::mutex merging;
  parallel_for(graph_->num_owned(), kRowsPerChunk, [&](Count begin, Count end) {
    sweep_rows(sweep, begin, end);
    finish_rows(begin, end);
    apply_sources(begin, end);
    if (measured) {
      std::vector<float> extremes(to_size(2 * stride_), 0.0F);
      measure_rows(sweep, begin, end, extremes.data(), extremes.data() + stride_);
      const std::scoped_lock lock{merging};  // a maximum does not depend on the order
      for (std::size_t column = 0; column < change_.size(); ++column) {
        change_[column] = std::max(change_[column], extremes[column]);
        size_[column] = std::max(size_[column], extremes[column + change_.size()]);
      }
    }
  });
  std::swap(state_, next_);
  ++num_steps_;
  for (Slot& slot : slots_) {
    const int every = slot.plan->projection.every;
    if (slot.running && every > 0 && num_steps_ % every == 0 && !slot.stop) {
      project(slot, num_steps_ / every - 1);
    }
  }
  halo_bytes_ += graph_->halo().push_changed(state_, next_, stride_);
}

void Panel::finish_rows(Count begin, Count end) {
  for (const Slot& slot : slots_) {
    const Plan& plan = *slot.plan;
    if (!slot.running || (plan.factors.empty() && !plan.finish_row)) {
      continue;
    }
    const auto width = to_size(plan.num_columns);
    for (Count index = begin; index < end; ++index) {
      const auto first = to_size(index * stride_ + slot.first_column);
      const std::span<float> values = std::span{next_}.subspan(first, width);
      if (plan.finish_row) {
        plan.finish_row(LocalId{static_cast<std::int32_t>(index)},
                        std::span<const float>{state_}.subspan(first, width), values);
      } else {
        for (float& value : values) {
          value *= plan.factors[to_size(index)];
        }
      }
    }
  }
}

void Panel::apply_sources(Count begin, Count end) {
  const auto at_least = [](const SourceRef& source, Count row) { return source.row.value() < row; };
  auto source = std::lower_bound(source_rows_.begin(), source_rows_.end(), begin, at_least);
  for (; source != source_rows_.end() && source->row.value() < end; ++source) {
    const Slot& slot = slots_[source->slot];
    const std::vector<float>& values = slot.plan->sources[source->index].values;
    const auto momentum = static_cast<float>(slot.momentum);
    float* row = next_.data() + Count{source->row.value()} * stride_ + slot.first_column;
    for (std::size_t column = 0; column < values.size(); ++column) {
      row[column] = slot.plan->clamps ? values[column] : row[column] + momentum * values[column];
    }
  }
}

void Panel::project(Slot& slot, int times_before) {
  const Projection& projection = slot.plan->projection;
  const auto read = [&](Count row) { return std::as_const(*this).row_of(slot, row); };
  const std::vector<double> weights =
      volume_weights(kPoissonVolume, projection.prior, [&](std::span<const double> now) {
        return count_best(graph_->comm(), graph_->num_owned(), now, read);
      });
  std::vector<std::int32_t> labels(to_size(graph_->num_owned()));
  for (Count row = 0; row < graph_->num_owned(); ++row) {
    labels[to_size(row)] = weighted_best(read(row), weights);
  }
  const bool is_same = !comm::any_rank(graph_->comm(), labels != slot.projected);
  if (is_same || times_before + 1 == projection.times) {
    slot.stop = is_same ? StopReason::settled : StopReason::finished;
  }
  for (Count row = 0; row < graph_->num_owned(); ++row) {
    const std::int32_t best = labels[to_size(row)];
    const std::span<float> values = row_of(slot, row);
    if (best < 0) {
      continue;
    }
    if (!slot.stop || values[to_size(best)] <= 0) {
      std::fill(values.begin(), values.end(), 0.0F);
      values[to_size(best)] = 1;
      continue;
    }
    for (std::size_t label = 0; label < values.size(); ++label) {
      values[label] *= static_cast<float>(weights[label]);
    }
  }
  slot.projected = std::move(labels);
}

Count Panel::state_bytes(std::size_t task) const {
  const Plan& plan = *slots_[task].plan;
  const Count values = plan.num_columns * static_cast<Count>(sizeof(float));
  return values * (accelerates_ ? 2 : 1) +
         (plan.projection.every > 0 ? static_cast<Count>(sizeof(std::int32_t)) : 0);
}

void Panel::save_state(std::size_t task, Count row, std::byte* to) const {
  const Slot& slot = slots_[task];
  const auto first = to_size(row * stride_ + slot.first_column);
  const std::size_t num_bytes = to_size(slot.plan->num_columns) * sizeof(float);
  std::memcpy(to, state_.data() + first, num_bytes);
  to += num_bytes;
  if (accelerates_) {
    std::memcpy(to, next_.data() + first, num_bytes);
    to += num_bytes;
  }
  if (slot.plan->projection.every > 0) {
    std::memcpy(to, &slot.projected[to_size(row)], sizeof(std::int32_t));
  }
}

void Panel::load_state(std::size_t task, Count row, const std::byte* from) {
  Slot& slot = slots_[task];
  const auto first = to_size(row * stride_ + slot.first_column);
  const std::size_t num_bytes = to_size(slot.plan->num_columns) * sizeof(float);
  std::memcpy(state_.data() + first, from, num_bytes);
  std::memcpy(next_.data() + first, from + (accelerates_ ? num_bytes : 0), num_bytes);
  if (slot.plan->projection.every > 0) {
    std::memcpy(&slot.projected[to_size(row)], from + num_bytes * (accelerates_ ? 2 : 1),
                sizeof(std::int32_t));
  }
}

void Panel::go_on(int steps) {
  for (num_steps_ = 0; num_steps_ < steps; ++num_steps_) {
    if (accelerates_) {
      set_momentum();
    }
  }
  for (AlignedVector<float>* values : {&state_, &next_}) {
    graph_->halo().push(std::span{*values}, stride_);
  }
}

std::span<float> Panel::row_of(const Slot& slot, Count row) {
  return std::span{state_}.subspan(to_size(row * stride_ + slot.first_column),
                                   to_size(slot.plan->num_columns));
}

std::span<const float> Panel::row_of(const Slot& slot, Count row) const {
  return std::span{state_}.subspan(to_size(row * stride_ + slot.first_column),
                                   to_size(slot.plan->num_columns));
}

std::span<const float> Panel::row(std::size_t task, Count row) const {
  return row_of(slots_[task], row);
}

ColumnRun Panel::columns(std::size_t task, int width) const {
  return {state_.data() + slots_[task].first_column, stride_, width};
}

float Panel::change(std::size_t task, int width) const {
  const auto first = change_.begin() + slots_[task].first_column;
  return *std::max_element(first, first + width);
}

float Panel::size(std::size_t task, int width) const {
  const auto first = size_.begin() + slots_[task].first_column;
  return *std::max_element(first, first + width);
}

void Panel::energy_of_rows(std::size_t task, int width, double scale, Count begin, Count end,
                           double* energy) const {
  SweepArguments graph;
  graph.offsets = graph_->offsets().data();
  graph.columns = graph_->columns().data();
  graph.weights = graph_->weights().data();
  propagate::energy_of_rows(graph, columns(task, width), static_cast<float>(scale), begin, end,
                            energy);
}

}  // namespace kith::propagate
