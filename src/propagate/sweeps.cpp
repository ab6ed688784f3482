#include "propagate/sweeps.hpp"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <utility>

#include "kith/comm/collectives.hpp"
#include "kith/core/parallel.hpp"

#include "propagate/volume.hpp"

namespace kith::propagate {
namespace {

constexpr Count kRowsPerChunk = 512;

Count round_up(Count columns) {
  return (columns + kColumnBlock - 1) / kColumnBlock * kColumnBlock;
}

}  // namespace

Sweeps::Sweeps(const graph::Graph& graph, std::span<const Plan> plans, int num_classes)
    : Engine{graph, plans.size(), num_classes} {
  for (const Plan& plan : plans) {
    slots_.push_back({&plan, 0, true, {}, {}});
  }
  inverse_degree_.resize(to_size(graph.num_owned()));
  for (LocalId row{0}; row.value() < graph.num_owned(); ++row) {
    const double degree = graph.degree(row);
    inverse_degree_[to_size(row)] = degree > 0 ? static_cast<float>(1 / degree) : 0.0F;
  }
  lay_out();
  for (const Slot& slot : slots_) {
    for (const SourceRow& start : slot.plan->start) {
      std::copy(start.values.begin(), start.values.end(), row_of(slot, start.row.value()).begin());
    }
  }
  graph.halo().push(state_, stride_);
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
  const Count num_rows = graph().num_owned() + graph().num_ghosts();
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

void Sweeps::step(bool measured) {
  std::fill(change_.begin(), change_.end(), 0.0F);
  std::fill(size_.begin(), size_.end(), 0.0F);
  const SweepArguments arguments{graph().offsets().data(),
                                 graph().columns().data(),
                                 graph().weights().data(),
                                 inverse_degree_.data(),
                                 decay_.data(),
                                 stride_,
                                 state_.data(),
                                 next_.data()};
  std::mutex merging;
  parallel_for(graph().num_owned(), kRowsPerChunk, [&](Count begin, Count end) {
    sweep_rows(arguments, begin, end);
    finish_rows(begin, end);
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
  ++num_steps_;
  for (Slot& slot : slots_) {
    const int every = slot.plan->projection.every;
    if (slot.running && every > 0 && num_steps_ % every == 0 && !slot.stop) {
      project(slot, num_steps_ / every - 1);
    }
  }
  halo_bytes_ += graph().halo().push_changed(state_, next_, stride_);
}

void Sweeps::finish_rows(Count begin, Count end) {
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

void Sweeps::project(Slot& slot, int times_before) {
  const Projection& projection = slot.plan->projection;
  const auto read = [&](Count row) { return std::as_const(*this).row_of(slot, row); };
  const std::vector<double> weights =
      volume_weights(graph().comm(), graph().num_owned(), projection.prior, read);
  std::vector<std::int32_t> labels(to_size(graph().num_owned()));
  for (Count row = 0; row < graph().num_owned(); ++row) {
    labels[to_size(row)] = weighted_best(read(row), weights);
  }
  const bool is_same = !comm::any_rank(graph().comm(), labels != slot.projected);
  if (is_same || times_before + 1 == projection.times) {
    slot.stop = is_same ? StopReason::settled : StopReason::finished;
  }
  for (Count row = 0; row < graph().num_owned(); ++row) {
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

std::span<float> Sweeps::row_of(const Slot& slot, Count row) {
  return std::span{state_}.subspan(to_size(row * stride_ + slot.first_column),
                                   to_size(slot.plan->num_columns));
}

std::span<const float> Sweeps::row_of(const Slot& slot, Count row) const {
  return std::span{state_}.subspan(to_size(row * stride_ + slot.first_column),
                                   to_size(slot.plan->num_columns));
}

void Sweeps::read_row(std::size_t task, LocalId row, std::span<float> values) const {
  const std::span<const float> from = row_of(slots_[task], row.value());
  std::copy_n(from.begin(), values.size(), values.begin());
}

void Sweeps::measure(std::size_t task, Measure& measure) {
  const Slot& slot = slots_[task];
  for (Count column = slot.first_column; column < slot.first_column + num_classes(); ++column) {
    measure.change = std::max(measure.change, change_[to_size(column)]);
    measure.size = std::max(measure.size, size_[to_size(column)]);
  }
  measure.stop = slot.stop;
}

float Sweeps::unmixed(std::size_t task, LocalId row) const {
  const Slot& slot = slots_[task];
  if (slot.plan->stationary.empty()) {
    return 0;
  }
  const float walk = row_of(slot, row.value()).back();
  return static_cast<float>(
      std::abs(graph().degree(row) * (walk - slot.plan->stationary[to_size(row)])));
}

bool Sweeps::add_energy(std::size_t task, double scale, ExactSum& rough, ExactSum& whole) const {
  const Slot& slot = slots_[task];
  std::mutex merging;
  parallel_for(graph().num_owned(), kRowsPerChunk, [&](Count begin, Count end) {
    ExactSum chunk_rough;
    ExactSum chunk_whole;
    for (Count index = begin; index < end; ++index) {
      const LocalId row{static_cast<std::int32_t>(index)};
      const float* mine = row_of(slot, index).data();
      const auto neighbors = graph().neighbors(row);
      const auto weights = graph().weights(row);
      double row_rough = 0;
      double row_whole = 0;
      for (int label = 0; label < num_classes(); ++label) {
        row_whole += graph().degree(row) * (scale * mine[label]) * (scale * mine[label]);
      }
      for (std::size_t edge = 0; edge < neighbors.size(); ++edge) {
        const float* other = row_of(slot, neighbors[edge].value()).data();
        for (int label = 0; label < num_classes(); ++label) {
          const double difference = scale * (double{mine[label]} - other[label]);
          row_rough += weights[edge] * difference * difference / 2;  // each edge is seen twice
        }
      }
      chunk_rough.add(row_rough);
      chunk_whole.add(row_whole);
    }
    const std::scoped_lock lock{merging};
    rough.add(chunk_rough);
    whole.add(chunk_whole);
  });
  return true;
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
