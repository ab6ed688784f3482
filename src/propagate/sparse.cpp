#include "kith/propagate/sparse.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <mutex>

#include "kith/comm/collectives.hpp"
#include "kith/core/error.hpp"
#include "kith/core/parallel.hpp"
#include "kith/core/progress.hpp"

namespace kith::propagate {
namespace {

constexpr Count kRowsPerChunk = 512;
constexpr int kSweepsPerCheck = 5;
constexpr int kQuietChecks = 2;

struct Entry {
  std::int32_t label;
  float value;
};

/// A row of the state: top values, their labels as bits, rest. The order of a row is that of
/// SparseScores.
struct RowView {
  const float* data;
  int top;

  [[nodiscard]] float value(int i) const { return data[i]; }
  [[nodiscard]] std::int32_t label(int i) const {
    return std::bit_cast<std::int32_t>(data[top + i]);
  }
  [[nodiscard]] float rest() const { return data[2 * top]; }
};

Count row_floats(int top) {
  return 2 * Count{top} + 1;
}

/// A dense row that knows which of its labels are in use.
class Scratch {
 public:
  explicit Scratch(int num_classes) : values_(to_size(num_classes), 0.0F) {}

  void add(std::int32_t label, float value) {
    if (values_[to_size(label)] == 0.0F) {
      used_.push_back(label);
    }
    values_[to_size(label)] += value;
  }
  /// The labels in use with `each` more, largest first. Leaves the row empty.
  std::span<Entry> take(float each) {
    entries_.clear();
    for (const std::int32_t label : used_) {
      float& value = values_[to_size(label)];
      if (value != 0.0F) {  // a label that came to 0 may be listed twice
        entries_.push_back({label, value + each});
        value = 0.0F;
      }
    }
    used_.clear();
    return entries_;
  }

 private:
  std::vector<float> values_;
  std::vector<std::int32_t> used_;
  std::vector<Entry> entries_;
};

bool is_larger(const Entry& a, const Entry& b) {
  return a.value != b.value ? a.value > b.value : a.label < b.label;
}

/// One task's state and sweeps.
class SparseSweeps {
 public:
  SparseSweeps(const graph::Graph& graph, const Task& task, const SparseConfig& config)
      : graph_{&graph}, config_{config}, clamps_{task.solver.method == Method::harmonic} {
    const bool decays =
        task.solver.method == Method::spreading || task.solver.method == Method::walk;
    decay_ = decays ? static_cast<float>(task.solver.alpha) : 1.0F;
    stride_ = row_floats(config.top);
    state_.assign(to_size((graph.num_owned() + graph.num_ghosts()) * stride_), 0.0F);
    make_sources(task);
    Scratch scratch{config.num_classes};
    for (const auto& [row, entries] : sources_) {
      for (const Entry& entry : entries) {
        scratch.add(entry.label, entry.value);
      }
      write_row(state_, row, scratch.take(0.0F), 0.0F);
    }
    next_ = state_;
    graph.halo().push(std::span{state_}, stride_);
    best_.assign(to_size(graph.num_owned()), -1);
  }

  /// Collective.
  void sweep() {
    parallel_for(graph_->num_owned(), kRowsPerChunk, [&](Count begin, Count end) {
      Scratch scratch{config_.num_classes};
      auto source = sources_.lower_bound(LocalId{static_cast<std::int32_t>(begin)});
      for (Count index = begin; index < end; ++index) {
        const LocalId row{static_cast<std::int32_t>(index)};
        const bool is_source = source != sources_.end() && source->first == row;
        if (!(is_source && clamps_)) {
          sweep_row(row,
                    is_source ? std::span<const Entry>{source->second} : std::span<const Entry>{},
                    scratch);
        }
        source = is_source ? std::next(source) : source;
      }
    });
    std::swap(state_, next_);
    graph_->halo().push_changed(state_, next_, stride_);
  }

  /// Collective. Change of the last sweep by row: values of the labels by rank, and the rest.
  SweepTrace check(int sweep) {
    std::vector<float> extremes(2, 0.0F);  // change, size
    std::vector<Count> counts(2, 0);       // flips, reached
    std::mutex merging;
    parallel_for(graph_->num_owned(), kRowsPerChunk, [&](Count begin, Count end) {
      float change = 0;
      float size = 0;
      Count flips = 0;
      Count reached = 0;
      for (Count row = begin; row < end; ++row) {
        const float* now = state_.data() + row * stride_;
        const float* before = next_.data() + row * stride_;
        for (int i = 0; i < config_.top; ++i) {
          change = std::max(change, std::abs(now[i] - before[i]));
          size = std::max(size, now[i]);
        }
        const std::int32_t best = now[0] > 0 ? std::bit_cast<std::int32_t>(now[config_.top]) : -1;
        flips += best != best_[to_size(row)] ? 1 : 0;
        reached += best >= 0 ? 1 : 0;
        best_[to_size(row)] = best;
      }
      const std::scoped_lock lock{merging};
      extremes[0] = std::max(extremes[0], change);
      extremes[1] = std::max(extremes[1], size);
      counts[0] += flips;
      counts[1] += reached;
    });
    comm::max_over_ranks(graph_->comm(), std::span{extremes});
    comm::sum_over_ranks(graph_->comm(), std::span{counts});
    const double residual = extremes[1] > 0 ? double{extremes[0]} / extremes[1] : 0.0;
    SweepTrace line;
    line.sweep = sweep;
    line.residual = residual;
    line.flips = counts[0];
    line.reached = counts[1];
    return line;
  }

  [[nodiscard]] RowView row(Count row) const {
    return {state_.data() + row * stride_, config_.top};
  }

 private:
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
        for (const Entry& entry : entries) {
          scale += entry.value;
        }
        scale = 1 / scale;
      } else if (task.solver.method != Method::poisson) {
        scale = (1 - task.solver.alpha) / (degree > 0 ? std::sqrt(degree) : 1.0);
      }
      for (Entry& entry : entries) {
        entry.value = static_cast<float>(entry.value * scale);
      }
    }
  }

  void sweep_row(LocalId row, std::span<const Entry> source, Scratch& scratch) {
    const auto neighbors = graph_->neighbors(row);
    const auto weights = graph_->weights(row);
    const double degree = graph_->degree(row);
    const float scale = degree > 0 ? static_cast<float>(decay_ / degree) : 0.0F;
    float rest = 0;
    float each = 0;   // what a label gets if no neighbor names it
    float named = 0;  // what all labels would get beyond that from neighbors that do
    for (std::size_t edge = 0; edge < neighbors.size(); ++edge) {
      const RowView from = this->row(neighbors[edge].value());
      const float weight = scale * weights[edge];
      const float share =
          from.rest() / static_cast<float>(std::max(1, config_.num_classes - config_.top));
      rest += weight * from.rest();
      each += weight * share;
      for (int i = 0; i < config_.top && from.value(i) > 0; ++i) {
        scratch.add(from.label(i), weight * (from.value(i) - share));
        named += weight * share;
      }
    }
    for (const Entry& entry : source) {
      scratch.add(entry.label, entry.value);
    }
    const std::span<Entry> entries = scratch.take(each);
    rest -= each * static_cast<float>(entries.size()) - named;
    write_row(next_, row, entries, rest);
  }

  /// rest: of labels that are not in entries; those that fall out of the row go to it.
  void write_row(std::vector<float>& state, LocalId row, std::span<Entry> entries, float rest) {
    float* to = state.data() + Count{row.value()} * stride_;
    const auto kept = std::min(entries.size(), to_size(config_.top));
    std::partial_sort(entries.begin(), entries.begin() + static_cast<Count>(kept), entries.end(),
                      is_larger);
    std::fill_n(to, stride_, 0.0F);
    for (std::size_t i = 0; i < kept; ++i) {
      to[i] = entries[i].value;
      to[to_size(config_.top) + i] = std::bit_cast<float>(entries[i].label);
    }
    for (std::size_t i = kept; i < entries.size(); ++i) {
      rest += entries[i].value;
    }
    to[2 * config_.top] = std::max(rest, 0.0F);
  }

  const graph::Graph* graph_;
  SparseConfig config_;
  bool clamps_;
  float decay_ = 1;
  Count stride_ = 0;
  std::map<LocalId, std::vector<Entry>> sources_;
  std::vector<float> state_;
  std::vector<float> next_;
  std::vector<std::int32_t> best_;
};

/// Share of each label among the seeds, by weight.
std::map<std::int32_t, double> label_shares(const Task& task) {
  std::map<std::int32_t, double> shares;
  double total = 0;
  for (const NodeSeed& seed : task.seeds) {
    shares[seed.label.value()] += seed.weight;
    total += seed.weight;
  }
  for (auto& [label, share] : shares) {
    share /= total;
  }
  return shares;
}

/// Collective. Rows as the task's method reads them, and what truncation hid.
void read_scores(const graph::Graph& graph, const SparseSweeps& sweeps, const Task& task,
                 SparseResult& result) {
  const bool is_poisson = task.solver.method == Method::poisson;
  const auto shares = is_poisson ? label_shares(task) : std::map<std::int32_t, double>{};
  SparseScores& scores = result.scores;
  const auto top = to_size(scores.top);
  std::vector<ExactSum> sums(2);  // rest shares, reached rows
  double largest = 0;
  std::vector<Entry> entries;
  for (Count index = 0; index < graph.num_owned(); ++index) {
    const RowView row = sweeps.row(index);
    double sum = row.rest();
    entries.clear();
    for (int i = 0; i < row.top && row.value(i) > 0; ++i) {
      sum += row.value(i);
      entries.push_back({row.label(i), row.value(i)});
    }
    if (entries.empty()) {
      continue;
    }
    sums[0].add(row.rest() / sum);
    sums[1].add(1.0);
    largest = std::max(largest, row.rest() / sum);
    for (Entry& entry : entries) {
      entry.value = is_poisson ? static_cast<float>(entry.value - shares.at(entry.label) * sum)
                               : static_cast<float>(entry.value / sum);
    }
    std::sort(entries.begin(), entries.end(), is_larger);
    for (std::size_t i = 0; i < entries.size(); ++i) {
      scores.labels[to_size(index) * top + i] = Label{entries[i].label};
      scores.values[to_size(index) * top + i] = entries[i].value;
    }
    scores.rest[to_size(index)] = is_poisson ? 0.0F : static_cast<float>(row.rest() / sum);
  }
  comm::sum_over_ranks(graph.comm(), std::span{sums});
  result.mean_rest = sums[1].value() > 0 ? sums[0].value() / sums[1].value() : 0.0;
  result.largest_rest = comm::max_over_ranks(graph.comm(), largest);
}

}  // namespace

Count sparse_state_bytes(Count local_nodes, int top) {
  return 2 * local_nodes * row_floats(top) * static_cast<Count>(sizeof(float));
}

SparseResult propagate_sparse(const graph::Graph& graph, const Task& task,
                              const SparseConfig& config) {
  const Method method = task.solver.method;
  if (method != Method::harmonic && method != Method::spreading && method != Method::walk &&
      method != Method::poisson) {
    fail("{}: {} has no form for many classes", task.name, to_string(method));
  }
  SparseResult result;
  result.scores.top = config.top;
  const auto num_entries = to_size(graph.num_owned() * config.top);
  result.scores.labels.assign(num_entries, Label{});
  result.scores.values.assign(num_entries, 0.0F);
  result.scores.rest.assign(to_size(graph.num_owned()), 0.0F);
  if (task.seeds.empty()) {
    return result;
  }
  SparseSweeps sweeps{graph, task, config};
  Progress progress{"propagate", task.solver.max_sweeps, "sweeps"};
  result.stop = StopReason::limit;
  int quiet_checks = 0;
  for (int sweep = 1; sweep <= task.solver.max_sweeps && quiet_checks < kQuietChecks; ++sweep) {
    sweeps.sweep();
    progress.update(sweep, fmt::format("classes={}", config.num_classes));
    result.sweeps = sweep;
    if (sweep % kSweepsPerCheck == 0 || sweep == task.solver.max_sweeps) {
      const SweepTrace& line = result.trace.emplace_back(sweeps.check(sweep));
      const bool is_quiet = line.residual < task.solver.tolerance && line.flips == 0;
      quiet_checks = is_quiet ? quiet_checks + 1 : 0;
    }
  }
  result.stop = quiet_checks >= kQuietChecks ? StopReason::settled : StopReason::limit;
  read_scores(graph, sweeps, task, result);
  return result;
}

}  // namespace kith::propagate
