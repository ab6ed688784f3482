#include "propagate/engine.hpp"

#include <algorithm>
#include <cstring>
#include <mutex>

#include "kith/core/parallel.hpp"

#include "propagate/columns.hpp"

namespace kith::propagate {
std::int32_t best_class(std::span<const float> scores) {
  const auto best = std::max_element(scores.begin(), scores.end());
  const bool reached =
      std::any_of(scores.begin(), scores.end(), [](float score) { return score != 0.0F; });
  return reached ? static_cast<std::int32_t>(best - scores.begin()) : -1;
}

Engine::Engine(const graph::Graph& graph, std::size_t num_tasks, int num_classes)
    : graph_{&graph},
      num_classes_{num_classes},
      best_(num_tasks, std::vector<std::int32_t>(to_size(graph.num_owned()), -1)) {
}

Measure Engine::check(std::size_t task) {
  const std::size_t num_counted = has_all_classes() ? to_size(num_classes_) : 0;
  Measure total;
  total.class_counts.assign(num_counted, 0);
  measure(task, total);
  std::mutex merging;
  parallel_for(graph_->num_owned(), kRowsPerChunk, [&](Count begin, Count end) {
    Measure mine;
    mine.class_counts.assign(num_counted, 0);
    check_rows(task, begin, end, mine);
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

Count Engine::saved_row_bytes(std::size_t task) const {
  return static_cast<Count>(sizeof(std::int32_t)) + state_bytes(task);
}

void Engine::save_rows(std::size_t task, std::span<std::byte> rows) const {
  const Count row_bytes = saved_row_bytes(task);
  parallel_for(graph_->num_owned(), kRowsPerChunk, [&](Count begin, Count end) {
    for (Count row = begin; row < end; ++row) {
      std::byte* to = rows.data() + row * row_bytes;
      std::memcpy(to, &best_[task][to_size(row)], sizeof(std::int32_t));
      save_state(task, row, to + sizeof(std::int32_t));
    }
  });
}

void Engine::load_rows(std::size_t task, std::span<const std::byte> rows) {
  const Count row_bytes = saved_row_bytes(task);
  parallel_for(graph_->num_owned(), kRowsPerChunk, [&](Count begin, Count end) {
    for (Count row = begin; row < end; ++row) {
      const std::byte* from = rows.data() + row * row_bytes;
      std::memcpy(&best_[task][to_size(row)], from, sizeof(std::int32_t));
      load_state(task, row, from + sizeof(std::int32_t));
    }
  });
}

Count Engine::count_right(std::size_t index, const Task& task) const {
  Count right = 0;
  std::int32_t best = -1;
  for (std::size_t i = 0; i < task.truth.size(); ++i) {
    if (graph_->owned().contains(task.validation_nodes[i])) {
      const Count row = graph_->local_id(task.validation_nodes[i]).value();
      best_classes(index, row, row + 1, std::span{&best, 1});
      right += best == task.truth[i].value() ? 1 : 0;
    }
  }
  return right;
}

void Engine::check_rows(std::size_t task, Count begin, Count end, Measure& measure) {
  std::vector<std::int32_t> now(to_size(end - begin));
  best_classes(task, begin, end, now);
  const auto before = best_[task].begin() + begin;
  for (std::size_t i = 0; i < now.size(); ++i) {
    measure.flips += now[i] != before[static_cast<Count>(i)] ? 1 : 0;
    if (now[i] >= 0) {
      ++measure.reached;
      if (has_all_classes()) {
        ++measure.class_counts[to_size(now[i])];
      }
    }
  }
  std::copy(now.begin(), now.end(), before);
  measure.unmixed = std::max(measure.unmixed, unmixed(task, begin, end));
}

void Engine::best_classes(std::size_t task, Count begin, Count end,
                          std::span<std::int32_t> best) const {
  std::vector<float> values(to_size(num_classes_));
  for (Count row = begin; row < end; ++row) {
    read_row(task, LocalId{static_cast<std::int32_t>(row)}, values);
    best[to_size(row - begin)] = best_class(values);
  }
}

}  // namespace kith::propagate
