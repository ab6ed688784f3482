// Truncated sweeps: each row is the weighted sum of its neighbors' rows, cut to its largest labels.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>

#include "kith/core/parallel.hpp"

#include "propagate/plan.hpp"
#include "propagate/sparse_state.hpp"

namespace kith::propagate {
namespace {

constexpr Count kRowsPerChunk = 512;
constexpr std::size_t kAhead = 2;  // neighbors whose rows are on their way

/// A row of the state: top values, largest first, ties to the smaller label; their labels as bits;
/// the rest; and poisson's walk.
struct RowView {
  const float* data;
  int top;

  [[nodiscard]] float value(int i) const { return data[i]; }
  [[nodiscard]] std::int32_t label(int i) const {
    return std::bit_cast<std::int32_t>(data[top + i]);
  }
  [[nodiscard]] float rest() const { return data[2 * top]; }
  [[nodiscard]] float walk() const { return data[2 * top + 1]; }
};

/// A value and its label as one number: larger is a larger value, or the same of a smaller label.
using Key = std::uint64_t;

Key make_key(std::int32_t label, float value) {  // value: not negative, so that its bits ascend
  return (Key{std::bit_cast<std::uint32_t>(value)} << 32) | ~static_cast<std::uint32_t>(label);
}
float value_of(Key key) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(key >> 32));
}
std::int32_t label_of(Key key) {
  return static_cast<std::int32_t>(~static_cast<std::uint32_t>(key));
}

/// A dense row that knows which of its labels are in use.
class Scratch {
 public:
  explicit Scratch(int num_classes) : values_(to_size(num_classes), 0.0F) {}

  /// Makes room for so many calls of add() until take().
  void expect(std::size_t adds) {
    if (used_.size() < adds) {
      used_.resize(adds);
    }
  }
  void add(std::int32_t label, float value) {
    // Without a branch: whether a label is new cannot be foretold.
    used_[num_used_] = label;
    num_used_ += values_[to_size(label)] == 0.0F ? 1U : 0U;
    values_[to_size(label)] += value;
  }
  /// The labels in use with `each` more. Leaves the row empty.
  std::span<Key> take(float each) {
    keys_.clear();
    for (std::size_t i = 0; i < num_used_; ++i) {
      float& value = values_[to_size(used_[i])];
      if (value != 0.0F) {  // a label that came to 0 may be listed twice
        keys_.push_back(make_key(used_[i], std::max(value + each, 0.0F)));
        value = 0.0F;
      }
    }
    num_used_ = 0;
    return keys_;
  }

 private:
  std::vector<float> values_;
  std::vector<std::int32_t> used_;
  std::size_t num_used_ = 0;
  std::vector<Key> keys_;
};

/// One task's state and sweeps.
class SparseSweeps : public SparseState {
 public:
  SparseSweeps(const graph::Graph& graph, const graph::Components& components, const Task& task,
               const SparseConfig& config)
      : graph_{&graph},
        config_{config},
        clamps_{task.solver.method == Method::harmonic},
        walks_{task.solver.method == Method::poisson} {
    const bool decays =
        task.solver.method == Method::spreading || task.solver.method == Method::walk;
    decay_ = decays ? static_cast<float>(task.solver.alpha) : 1.0F;
    stride_ = 2 * Count{config.top} + (walks_ ? 2 : 1);
    state_.assign(to_size((graph.num_owned() + graph.num_ghosts()) * stride_), 0.0F);
    make_sources(task);
    scratch_.assign(to_size(num_threads()), Scratch{config.num_classes});
    Scratch& scratch = scratch_.front();
    std::vector<SourceRow> start;
    for (const auto& [row, entries] : sources_) {
      scratch.expect(entries.size() + 1);
      float walk = 0;
      for (const LabelValue& entry : entries) {
        scratch.add(entry.label, entry.value);
        walk += entry.value;
      }
      start.push_back({row, {walk}});
      write_row(state_, row, scratch.take(0.0F), 0.0F, walk);
    }
    if (walks_) {
      stationary_ = stationary_walk(graph, components, start);
    }
    next_ = state_;
    graph.halo().push(std::span{state_}, stride_);
  }

  void step() override {
    parallel_for(graph_->num_owned(), kRowsPerChunk, [&](Count begin, Count end) {
      Scratch& scratch = scratch_[to_size(thread_index())];
      auto source = sources_.lower_bound(LocalId{static_cast<std::int32_t>(begin)});
      for (Count index = begin; index < end; ++index) {
        const LocalId row{static_cast<std::int32_t>(index)};
        const bool is_source = source != sources_.end() && source->first == row;
        if (!(is_source && clamps_)) {
          sweep_row(row,
                    is_source ? std::span<const LabelValue>{source->second}
                              : std::span<const LabelValue>{},
                    scratch);
        }
        source = is_source ? std::next(source) : source;
      }
    });
    std::swap(state_, next_);
    graph_->halo().push_changed(state_, next_, stride_);
  }

  /// By rank of the label: values of the labels kept.
  [[nodiscard]] Extremes extremes(Count begin, Count end) const override {
    Extremes found;
    for (Count row = begin; row < end; ++row) {
      const float* now = state_.data() + row * stride_;
      const float* before = next_.data() + row * stride_;
      for (int i = 0; i < config_.top; ++i) {
        found.change = std::max(found.change, std::abs(now[i] - before[i]));
        found.size = std::max(found.size, now[i]);
      }
    }
    if (walks_) {
      found.unmixed = 0;
      for (Count row = begin; row < end; ++row) {
        const double apart = graph_->degree(LocalId{static_cast<std::int32_t>(row)}) *
                             (this->row(row).walk() - stationary_[to_size(row)]);
        found.unmixed = std::max(found.unmixed, static_cast<float>(std::abs(apart)));
      }
    }
    return found;
  }

  [[nodiscard]] std::int32_t best(Count row) const override {
    const RowView view = this->row(row);
    return view.value(0) > 0 ? view.label(0) : -1;
  }

  [[nodiscard]] float read(Count row, std::vector<LabelValue>& entries) const override {
    const RowView view = this->row(row);
    entries.clear();
    for (int i = 0; i < view.top && view.value(i) > 0; ++i) {
      entries.push_back({view.label(i), view.value(i)});
    }
    return view.rest();
  }

  [[nodiscard]] Count row_bytes() const override {
    return stride_ * static_cast<Count>(sizeof(float));
  }
  void save(std::span<std::byte> rows) const override {
    std::memcpy(rows.data(), state_.data(), rows.size());
  }
  void load(std::span<const std::byte> rows) override {
    std::memcpy(state_.data(), rows.data(), rows.size());
    graph_->halo().push(std::span{state_}, stride_);
    next_ = state_;
  }

 private:
  [[nodiscard]] RowView row(Count row) const {
    return {state_.data() + row * stride_, config_.top};
  }

  void make_sources(const Task& task) {
    double total = 0;
    for (const NodeSeed& seed : task.seeds) {
      total += seed.weight;
    }
    for (const NodeSeed& seed : task.seeds) {
      if (graph_->owned().contains(seed.node)) {
        sources_[graph_->local_id(seed.node)].push_back({seed.label.value(), seed.weight});
      }
    }
    for (auto& [row, entries] : sources_) {
      const double degree = graph_->degree(row);
      double scale = 1 / (total * (degree > 0 ? degree : 1.0));  // Poisson
      if (clamps_) {
        scale = 0;
        for (const LabelValue& entry : entries) {
          scale += entry.value;
        }
        scale = 1 / scale;
      } else if (task.solver.method != Method::poisson) {
        scale = (1 - task.solver.alpha) / (degree > 0 ? std::sqrt(degree) : 1.0);
      }
      for (LabelValue& entry : entries) {
        entry.value = static_cast<float>(entry.value * scale);
      }
    }
  }

  void sweep_row(LocalId row, std::span<const LabelValue> source, Scratch& scratch) {
    const auto neighbors = graph_->neighbors(row);
    const auto weights = graph_->weights(row);
    const double degree = graph_->degree(row);
    const float scale = degree > 0 ? static_cast<float>(decay_ / degree) : 0.0F;
    float walk = 0;
    float rest = 0;
    float each = 0;   // what a label gets if no neighbor names it
    float named = 0;  // what all labels would get beyond that from neighbors that do
    scratch.expect(neighbors.size() * to_size(config_.top) + source.size() + 1);
    for (std::size_t edge = 0; edge < neighbors.size(); ++edge) {
      const RowView from = this->row(neighbors[edge].value());
      if (edge + kAhead < neighbors.size()) {
        prefetch(neighbors[edge + kAhead]);
      }
      const float weight = scale * weights[edge];
      const float share =
          from.rest() / static_cast<float>(std::max(1, config_.num_classes - config_.top));
      rest += weight * from.rest();
      walk += walks_ ? weight * from.walk() : 0.0F;
      each += weight * share;
      for (int i = 0; i < config_.top && from.value(i) > 0; ++i) {
        scratch.add(from.label(i), weight * (from.value(i) - share));
        named += weight * share;
      }
    }
    for (const LabelValue& entry : source) {
      scratch.add(entry.label, entry.value);
    }
    const std::span<Key> entries = scratch.take(each);
    rest -= each * static_cast<float>(entries.size()) - named;
    write_row(next_, row, entries, rest, walk);
  }

  void prefetch(LocalId row) const {
    constexpr Count kLineFloats = 16;
    const float* data = state_.data() + Count{row.value()} * stride_;
    for (Count at = 0; at < stride_; at += kLineFloats) {
      __builtin_prefetch(data + at);
    }
  }

  /// rest: of labels that are not in entries; those that fall out of the row go to it.
  void write_row(std::vector<float>& state, LocalId row, std::span<Key> entries, float rest,
                 float walk) {
    float* to = state.data() + Count{row.value()} * stride_;
    const auto top = to_size(config_.top);
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
        rest += value_of(entries[i]);
      }
    }
    to[2 * top] = std::max(rest, 0.0F);
    if (walks_) {
      to[2 * top + 1] = walk;
    }
  }

  const graph::Graph* graph_;
  SparseConfig config_;
  bool clamps_;
  bool walks_;  // poisson: a column of the seeds' walk tells when to stop
  float decay_ = 1;
  Count stride_ = 0;
  std::map<LocalId, std::vector<LabelValue>> sources_;
  std::vector<float> state_;
  std::vector<float> next_;
  std::vector<float> stationary_;
  std::vector<Scratch> scratch_;  // of each thread
};

}  // namespace

std::unique_ptr<SparseState> make_sparse_sweeps(const graph::Graph& graph,
                                                const graph::Components& components,
                                                const Task& task, const SparseConfig& config) {
  return std::make_unique<SparseSweeps>(graph, components, task, config);
}

}  // namespace kith::propagate
