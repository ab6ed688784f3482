#include "propagate/truncated_sweeps.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <functional>
#include <mutex>

#include "kith/core/parallel.hpp"

#include "propagate/columns.hpp"
#include "propagate/truncated.hpp"

namespace kith::propagate {
namespace {

constexpr std::size_t kAhead = 2;  // neighbors whose rows are on their way

}  // namespace

TruncatedSweeps::TruncatedSweeps(const Problem& problem, const Plan& plan, int top)
    : Engine{problem.graph, 1, problem.num_classes},
      plan_{&plan},
      top_{top},
      stride_{2 * Count{top} + (plan.walks ? 2 : 1)},
      sources_{named_sources(problem, *plan.seeds)} {
  state_.assign(to_size((problem.graph.num_owned() + problem.graph.num_ghosts()) * stride_), 0.0F);
  scratch_.assign(to_size(num_threads()), LabelScratch{problem.num_classes});
  start(problem.components);
}

void TruncatedSweeps::start(const graph::Components& components) {
  LabelScratch& scratch = scratch_.front();
  std::vector<WalkStart> walks;
  for (const NamedSource& source : sources_) {
    scratch.expect(source.entries.size() + 1);
    for (const LabelValue& entry : source.entries) {
      scratch.add(entry.label, entry.value);
    }
    walks.push_back({source.row, source.walk});
    write_row(state_, source.row, scratch.take(0.0F), 0.0F, source.walk);
  }
  if (plan_->walks) {
    stationary_ = stationary_walk(graph(), components, walks);
  }
  next_ = state_;
  graph().halo().push(std::span{state_}, stride_);
}

void TruncatedSweeps::step(bool /*measured*/) {
  parallel_for(graph().num_owned(), kRowsPerChunk, [&](Count begin, Count end) {
    LabelScratch& scratch = scratch_[to_size(thread_index())];
    auto source = std::lower_bound(
        sources_.begin(), sources_.end(), begin,
        [](const NamedSource& entry, Count row) { return entry.row.value() < row; });
    for (Count index = begin; index < end; ++index) {
      const LocalId row{static_cast<std::int32_t>(index)};
      const bool is_source = source != sources_.end() && source->row == row;
      if (!(is_source && plan_->clamps)) {
        sweep_row(row, is_source ? &*source : nullptr, scratch);
      }
      source += is_source ? 1 : 0;
    }
  });
  std::swap(state_, next_);
  halo_bytes_ += graph().halo().push_changed(state_, next_, stride_);
}

void TruncatedSweeps::sweep_row(LocalId row, const NamedSource* source, LabelScratch& scratch) {
  const auto neighbors = graph().neighbors(row);
  const auto weights = graph().weights(row);
  const double degree = graph().degree(row);
  const float factor = plan_->factors.empty() ? 1.0F : plan_->factors[to_size(row)];
  const float scale = degree > 0 ? static_cast<float>(plan_->decay / degree) * factor : 0.0F;
  float walk = 0;
  float residual = 0;
  float each = 0;   // what a label gets if no neighbor names it
  float named = 0;  // what all labels would get beyond that from neighbors that do
  const std::size_t num_own = source != nullptr ? source->entries.size() : 0;
  scratch.expect(neighbors.size() * to_size(top_) + num_own + 1);
  for (std::size_t edge = 0; edge < neighbors.size(); ++edge) {
    const RowView from = this->row(neighbors[edge].value());
    if (edge + kAhead < neighbors.size()) {
      prefetch(neighbors[edge + kAhead]);
    }
    const float weight = scale * weights[edge];
    const float share =
        from.residual_mass() / static_cast<float>(std::max(1, num_classes() - top_));
    residual += weight * from.residual_mass();
    walk += plan_->walks ? weight * from.walk() : 0.0F;
    each += weight * share;
    for (int i = 0; i < top_ && from.value(i) > 0; ++i) {
      scratch.add(from.label(i), weight * (from.value(i) - share));
      named += weight * share;
    }
  }
  for (std::size_t i = 0; i < num_own; ++i) {
    scratch.add(source->entries[i].label, source->entries[i].value);
  }
  const std::span<Key> entries = scratch.take(each);
  residual -= each * static_cast<float>(entries.size()) - named;
  write_row(next_, row, entries, residual, walk);
}

void TruncatedSweeps::prefetch(LocalId row) const {
  constexpr Count kLineFloats = 16;
  const float* data = state_.data() + Count{row.value()} * stride_;
  for (Count at = 0; at < stride_; at += kLineFloats) {
    __builtin_prefetch(data + at);
  }
}

void TruncatedSweeps::write_row(std::vector<float>& state, LocalId row, std::span<Key> entries,
                                float residual, float walk) {
  float* to = state.data() + Count{row.value()} * stride_;
  const auto top = to_size(top_);
  const auto kept = entries.begin() + static_cast<Count>(std::min(entries.size(), top));
  if (kept != entries.end()) {
    std::nth_element(entries.begin(), kept, entries.end(), std::greater<>{});
  }
  std::sort(entries.begin(), kept, std::greater<>{});
  std::fill_n(to, stride_, 0.0F);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (i < top) {
      to[i] = value_of(entries[i]);
      to[top + i] = std::bit_cast<float>(label_of(entries[i]));
    } else {
      residual += value_of(entries[i]);
    }
  }
  to[2 * top] = std::max(residual, 0.0F);
  if (plan_->walks) {
    to[2 * top + 1] = walk;
  }
}

std::int32_t TruncatedSweeps::RowView::label(int i) const {
  return std::bit_cast<std::int32_t>(data[top + i]);
}

void TruncatedSweeps::read_row(std::size_t /*task*/, LocalId row, std::span<float> values) const {
  const RowView view = this->row(row.value());
  std::fill(values.begin(), values.end(),
            view.residual_mass() / static_cast<float>(std::max(1, num_classes() - top_)));
  for (int i = 0; i < top_ && view.value(i) > 0; ++i) {
    values[to_size(view.label(i))] = view.value(i);
  }
}

void TruncatedSweeps::retire(std::size_t /*task*/) {
}

void TruncatedSweeps::go_on(int /*steps*/) {
  graph().halo().push(std::span{state_}, stride_);
  next_ = state_;
}

void TruncatedSweeps::collect(std::size_t /*index*/, const Task& task, const Plan& plan,
                              TaskResult& result) const {
  const auto read = [this](Count row, std::vector<LabelValue>& entries) {
    return read_entries(row, entries);
  };
  collect_truncated({graph(), task, plan, num_classes(), top_}, read, result);
}

/// By place in the row: values of the labels kept.
void TruncatedSweeps::measure(std::size_t /*task*/, Measure& measure) {
  std::mutex merging;
  parallel_for(graph().num_owned(), kRowsPerChunk, [&](Count begin, Count end) {
    float change = 0;
    float size = 0;
    for (Count row = begin; row < end; ++row) {
      const float* now = state_.data() + row * stride_;
      const float* before = next_.data() + row * stride_;
      for (int i = 0; i < top_; ++i) {
        change = std::max(change, std::abs(now[i] - before[i]));
        size = std::max(size, now[i]);
      }
    }
    const std::scoped_lock lock{merging};
    measure.change = std::max(measure.change, change);
    measure.size = std::max(measure.size, size);
  });
}

void TruncatedSweeps::best_classes(std::size_t /*task*/, Count begin, Count end,
                                   std::span<std::int32_t> best) const {
  for (Count row = begin; row < end; ++row) {
    const RowView view = this->row(row);
    best[to_size(row - begin)] = view.value(0) > 0 ? view.label(0) : -1;
  }
}

float TruncatedSweeps::unmixed(std::size_t /*task*/, Count begin, Count end) const {
  float largest = 0;
  for (Count row = begin; row < end && plan_->walks; ++row) {
    const double apart = graph().degree(LocalId{static_cast<std::int32_t>(row)}) *
                         (this->row(row).walk() - stationary_[to_size(row)]);
    largest = std::max(largest, static_cast<float>(std::abs(apart)));
  }
  return largest;
}

float TruncatedSweeps::read_entries(Count row, std::vector<LabelValue>& entries) const {
  const RowView view = this->row(row);
  entries.clear();
  for (int i = 0; i < top_ && view.value(i) > 0; ++i) {
    entries.push_back({view.label(i), view.value(i)});
  }
  return view.residual_mass();
}

Count TruncatedSweeps::state_bytes(std::size_t /*task*/) const {
  return stride_ * static_cast<Count>(sizeof(float));
}

void TruncatedSweeps::save_state(std::size_t task, Count row, std::byte* to) const {
  std::memcpy(to, state_.data() + row * stride_, to_size(state_bytes(task)));
}

void TruncatedSweeps::load_state(std::size_t task, Count row, const std::byte* from) {
  std::memcpy(state_.data() + row * stride_, from, to_size(state_bytes(task)));
}

}  // namespace kith::propagate
