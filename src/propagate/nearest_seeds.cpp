#include "propagate/nearest_seeds.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstring>
#include <limits>
#include <map>

#include "kith/core/parallel.hpp"

#include "propagate/columns.hpp"

namespace kith::propagate {
namespace {

constexpr Count kNothing = std::numeric_limits<Count>::max();

Count pack(float distance, std::size_t seed) {
  return (Count{std::bit_cast<std::int32_t>(distance)} << 32) | static_cast<Count>(seed);
}
float distance_of(Count entry) {
  return std::bit_cast<float>(static_cast<std::int32_t>(entry >> 32));
}
std::size_t seed_of(Count entry) {
  return to_size(entry & 0xFFFFFFFF);
}

/// Puts an entry into a sorted list that holds each seed once, at its smallest distance.
void insert(std::span<Count> list, Count entry) {
  if (entry >= list.back()) {
    return;
  }
  const auto same = std::find_if(list.begin(), list.end(), [&](Count other) {
    return other != kNothing && seed_of(other) == seed_of(entry);
  });
  if (same != list.end()) {
    if (*same <= entry) {
      return;
    }
    std::copy(same + 1, list.end(), same);
  }
  const auto place = std::upper_bound(list.begin(), list.end() - 1, entry);
  std::copy_backward(place, list.end() - 1, list.end());
  *place = entry;
}

}  // namespace

NearestSeeds::NearestSeeds(const graph::Graph& graph, std::span<const Task* const> tasks,
                           int num_classes)
    : Engine{graph, tasks.size(), num_classes} {
  for (const Task* task : tasks) {
    std::map<Position, std::vector<std::pair<Label, float>>> labels;
    for (const NodeSeed& seed : task->seeds) {
      labels[seed.node].emplace_back(seed.label, seed.weight);
    }
    Slot& slot = slots_.emplace_back();
    slot.nearest = static_cast<int>(task->solver.parameters["nearest"]);
    slot.first_column = stride_;
    stride_ += slot.nearest;
    for (auto& [node, of_node] : labels) {
      slot.seeds.push_back({node, std::move(of_node)});
    }
  }
  state_.assign(to_size((graph.num_owned() + graph.num_ghosts()) * stride_), kNothing);
  for (const Slot& slot : slots_) {
    for (std::size_t seed = 0; seed < slot.seeds.size(); ++seed) {
      if (graph.owned().contains(slot.seeds[seed].node)) {
        const Count row = graph.local_id(slot.seeds[seed].node).value();
        state_[to_size(row * stride_ + slot.first_column)] = pack(0.0F, seed);
      }
    }
  }
  next_ = state_;
  graph.halo().push(std::span{state_}, stride_);
}

void NearestSeeds::relax_row(const Slot& slot, Count row) {
  const LocalId node{static_cast<std::int32_t>(row)};
  const auto neighbors = graph().neighbors(node);
  const auto weights = graph().weights(node);
  const auto list =
      std::span{next_}.subspan(to_size(row * stride_ + slot.first_column), to_size(slot.nearest));
  for (std::size_t edge = 0; edge < neighbors.size(); ++edge) {
    const Count* from =
        state_.data() + Count{neighbors[edge].value()} * stride_ + slot.first_column;
    for (int i = 0; i < slot.nearest && from[i] != kNothing; ++i) {
      insert(list, pack(distance_of(from[i]) + 1 / weights[edge], seed_of(from[i])));
    }
  }
}

void NearestSeeds::step(bool /*measured*/) {
  for (Slot& slot : slots_) {
    if (!slot.running) {
      continue;
    }
    std::atomic<bool> changed{false};
    parallel_for(graph().num_owned(), kRowsPerChunk, [&](Count begin, Count end) {
      for (Count row = begin; row < end; ++row) {
        const Count first = row * stride_ + slot.first_column;
        std::copy_n(state_.begin() + first, slot.nearest, next_.begin() + first);
        relax_row(slot, row);
        if (!std::equal(next_.begin() + first, next_.begin() + first + slot.nearest,
                        state_.begin() + first)) {
          changed.store(true, std::memory_order_relaxed);
        }
      }
    });
    slot.changed = changed.load();
  }
  std::swap(state_, next_);
  graph().halo().push(std::span{state_}, stride_);
}

void NearestSeeds::read_row(std::size_t task, LocalId row, std::span<float> values) const {
  std::fill(values.begin(), values.end(), 0.0F);
  visit_labels(task, row, [&](Label label, float share) { values[to_size(label)] += share; });
}

void NearestSeeds::visit_labels(std::size_t task, LocalId row,
                                const std::function<void(Label, float)>& work) const {
  const Slot& slot = slots_[task];
  const Count* list = state_.data() + Count{row.value()} * stride_ + slot.first_column;
  if (*list == kNothing) {
    return;
  }
  const float nearest = distance_of(*list);
  for (int i = 0; i < slot.nearest && list[i] != kNothing; ++i) {
    const float distance = distance_of(list[i]);
    const float share = distance > 0 ? nearest / distance : 1.0F;
    for (const auto& [label, weight] : slot.seeds[seed_of(list[i])].labels) {
      work(label, share * weight);
    }
  }
}

Count NearestSeeds::state_bytes(std::size_t task) const {
  return slots_[task].nearest * static_cast<Count>(sizeof(Count));
}

void NearestSeeds::save_state(std::size_t task, Count row, std::byte* to) const {
  const Count* list = state_.data() + row * stride_ + slots_[task].first_column;
  std::memcpy(to, list, to_size(state_bytes(task)));
}

void NearestSeeds::load_state(std::size_t task, Count row, const std::byte* from) {
  Count* list = state_.data() + row * stride_ + slots_[task].first_column;
  std::memcpy(list, from, to_size(state_bytes(task)));
}

void NearestSeeds::go_on(int /*steps*/) {
  graph().halo().push(std::span{state_}, stride_);
}

void NearestSeeds::measure(std::size_t task, Measure& measure) {
  measure.change = slots_[task].changed ? 1.0F : 0.0F;
  measure.size = 1;
}

void NearestSeeds::retire(std::size_t task) {
  slots_[task].running = false;
}

}  // namespace kith::propagate
