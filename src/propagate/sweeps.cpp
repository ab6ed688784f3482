#include "propagate/sweeps.hpp"

#include <algorithm>
#include <cmath>
#include <mutex>

#include "kith/core/parallel.hpp"

namespace kith::propagate {
namespace {

constexpr Count kRowsPerChunk = 512;

Count round_up(Count columns) {
  return (columns + kColumnBlock - 1) / kColumnBlock * kColumnBlock;
}

/// The best class of a row, ties to the smaller; -1 if no label has reached it.
std::int16_t best_class(std::span<const float> scores) {
  const auto best = std::max_element(scores.begin(), scores.end());
  const bool reached =
      std::any_of(scores.begin(), scores.end(), [](float score) { return score != 0.0F; });
  return reached ? static_cast<std::int16_t>(best - scores.begin()) : std::int16_t{-1};
}

}  // namespace

Sweeps::Sweeps(const graph::Graph& graph, std::span<const Plan> plans, int num_classes)
    : graph_{&graph}, num_classes_{num_classes} {
  for (const Plan& plan : plans) {
    slots_.push_back({&plan, 0, true, std::vector<std::int16_t>(to_size(graph.num_owned()), -1)});
  }
  inverse_degree_.resize(to_size(graph.num_owned()));
  for (LocalId row{0}; row.value() < graph.num_owned(); ++row) {
    const double degree = graph.degree(row);
    inverse_degree_[to_size(row)] = degree > 0 ? static_cast<float>(1 / degree) : 0.0F;
  }
  lay_out();
  for (const Slot& slot : slots_) {
    for (const SourceRow& start : slot.plan->start) {
      std::copy(start.values.begin(), start.values.end(),
                state_.begin() + Count{start.row.value()} * stride_ + slot.first_column);
    }
  }
  graph_->halo().push(state_, stride_);
}

void Sweeps::lay_out() {
  const Count old_stride = stride_;
  std::vector<Count> old_first;
  stride_ = 0;
  for (Slot& slot : slots_) {
    old_first.push_back(slot.first_column);
    slot.first_column = stride_;
    stride_ += slot.running ? slot.plan->num_columns : 0;
  }
  stride_ = round_up(stride_);
  const Count num_rows = graph_->num_owned() + graph_->num_ghosts();
  std::vector<float> moved(to_size(num_rows * stride_), 0.0F);
  decay_.assign(to_size(stride_), 0.0F);
  source_rows_.clear();
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    const Slot& slot = slots_[i];
    if (!slot.running) {
      continue;
    }
    std::fill_n(decay_.begin() + slot.first_column, slot.plan->num_columns, slot.plan->decay);
    for (std::size_t source = 0; source < slot.plan->sources.size(); ++source) {
      source_rows_.push_back({slot.plan->sources[source].row, i, source});
    }
    for (Count row = 0; old_stride > 0 && row < num_rows; ++row) {
      std::copy_n(state_.begin() + row * old_stride + old_first[i], slot.plan->num_columns,
                  moved.begin() + row * stride_ + slot.first_column);
    }
  }
  std::sort(source_rows_.begin(), source_rows_.end(),
            [](const SourceRef& a, const SourceRef& b) { return a.row < b.row; });
  state_ = std::move(moved);
  next_.assign(state_.size(), 0.0F);
  change_.assign(to_size(stride_), 0.0F);
  size_.assign(to_size(stride_), 0.0F);
}

void Sweeps::sweep(bool measured) {
  std::fill(change_.begin(), change_.end(), 0.0F);
  std::fill(size_.begin(), size_.end(), 0.0F);
  const SweepArguments arguments{graph_->offsets().data(),
                                 graph_->columns().data(),
                                 graph_->weights().data(),
                                 inverse_degree_.data(),
                                 decay_.data(),
                                 stride_,
                                 state_.data(),
                                 next_.data()};
  std::mutex merging;
  parallel_for(graph_->num_owned(), kRowsPerChunk, [&](Count begin, Count end) {
    sweep_rows(arguments, begin, end);
    apply_sources(begin, end);
    if (measured) {
      std::vector<float> extremes(to_size(2 * stride_), 0.0F);
      measure_rows(arguments, begin, end, extremes.data(), extremes.data() + stride_);
      const std::scoped_lock lock{merging};  // a maximum does not depend on the order
      for (std::size_t column = 0; column < change_.size(); ++column) {
        change_[column] = std::max(change_[column], extremes[column]);
        size_[column] = std::max(size_[column], extremes[column + change_.size()]);
      }
    }
  });
  std::swap(state_, next_);
  graph_->halo().push(state_, stride_);
}

void Sweeps::apply_sources(Count begin, Count end) {
  const auto at_least = [](const SourceRef& source, Count row) { return source.row.value() < row; };
  auto source = std::lower_bound(source_rows_.begin(), source_rows_.end(), begin, at_least);
  for (; source != source_rows_.end() && source->row.value() < end; ++source) {
    const Slot& slot = slots_[source->slot];
    const std::vector<float>& values = slot.plan->sources[source->index].values;
    float* row = next_.data() + Count{source->row.value()} * stride_ + slot.first_column;
    for (std::size_t column = 0; column < values.size(); ++column) {
      row[column] = slot.plan->clamps ? values[column] : row[column] + values[column];
    }
  }
}

std::span<const float> Sweeps::row(std::size_t task, LocalId row) const {
  return std::span{state_}.subspan(
      to_size(Count{row.value()} * stride_ + slots_[task].first_column), to_size(num_classes_));
}

Measure Sweeps::check(std::size_t task) {
  Slot& slot = slots_[task];
  Measure total;
  total.class_counts.assign(to_size(num_classes_), 0);
  for (Count column = slot.first_column; column < slot.first_column + num_classes_; ++column) {
    total.change = std::max(total.change, change_[to_size(column)]);
    total.size = std::max(total.size, size_[to_size(column)]);
  }
  std::mutex merging;
  parallel_for(graph_->num_owned(), kRowsPerChunk, [&](Count begin, Count end) {
    Measure mine;
    mine.class_counts.assign(to_size(num_classes_), 0);
    for (Count index = begin; index < end; ++index) {
      check_row(slot, task, LocalId{static_cast<std::int32_t>(index)}, mine);
    }
    const std::scoped_lock lock{merging};
    total.unmixed = std::max(total.unmixed, mine.unmixed);
    total.flips += mine.flips;
    total.reached += mine.reached;
    for (std::size_t label = 0; label < mine.class_counts.size(); ++label) {
      total.class_counts[label] += mine.class_counts[label];
    }
  });
  return total;
}

void Sweeps::check_row(Slot& slot, std::size_t task, LocalId node, Measure& measure) const {
  const std::span<const float> values = row(task, node);
  const std::int16_t best = best_class(values);
  measure.flips += best != slot.best[to_size(node)] ? 1 : 0;
  slot.best[to_size(node)] = best;
  if (best >= 0) {
    ++measure.reached;
    ++measure.class_counts[to_size(best)];
  }
  if (!slot.plan->stationary.empty()) {
    const float walk = values.data()[num_classes_];  // the column behind the classes
    const double distance = graph_->degree(node) * (walk - slot.plan->stationary[to_size(node)]);
    measure.unmixed = std::max(measure.unmixed, static_cast<float>(std::abs(distance)));
  }
}

void Sweeps::retire(std::size_t task) {
  slots_[task].running = false;
}

void Sweeps::compact() {
  Count used = 0;
  for (const Slot& slot : slots_) {
    used += slot.running ? slot.plan->num_columns : 0;
  }
  if (used > 0 && round_up(used) * 4 <= stride_ * 3) {
    lay_out();
  }
}

}  // namespace kith::propagate
