#include "kith/propagate/sparse.hpp"

#include <fmt/format.h>

#include <map>
#include <mutex>
#include <set>

#include "kith/comm/collectives.hpp"
#include "kith/comm/stop.hpp"
#include "kith/core/error.hpp"
#include "kith/core/parallel.hpp"
#include "kith/core/progress.hpp"

#include "propagate/sparse_state.hpp"

namespace kith::propagate {
namespace {

constexpr Count kRowsPerChunk = 512;
constexpr int kSweepsPerCheck = 5;
constexpr int kFirstSweeps = 10;  // each of them is checked
constexpr int kQuietChecks = 2;

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

struct Check {
  SweepTrace line;
  double unmixed = 0;
};

/// Collective. best: of the last check, brought up to date.
Check check(const graph::Graph& graph, const SparseState& state, int sweep,
            std::vector<std::int32_t>& best) {
  std::vector<float> extremes(3, 0.0F);  // change, size, unmixed
  std::vector<Count> counts(2, 0);       // flips, reached
  std::mutex merging;
  parallel_for(graph.num_owned(), kRowsPerChunk, [&](Count begin, Count end) {
    const SparseState::Extremes of_chunk = state.extremes(begin, end);
    Count flips = 0;
    Count reached = 0;
    for (Count row = begin; row < end; ++row) {
      const std::int32_t now = state.best(row);
      flips += now != best[to_size(row)] ? 1 : 0;
      reached += now >= 0 ? 1 : 0;
      best[to_size(row)] = now;
    }
    const std::scoped_lock lock{merging};
    extremes[0] = std::max(extremes[0], of_chunk.change);
    extremes[1] = std::max(extremes[1], of_chunk.size);
    extremes[2] = std::max(extremes[2], of_chunk.unmixed);
    counts[0] += flips;
    counts[1] += reached;
  });
  comm::max_over_ranks(graph.comm(), std::span{extremes});
  comm::sum_over_ranks(graph.comm(), std::span{counts});
  Check result;
  result.unmixed = double{extremes[2]};
  result.line.sweep = sweep;
  result.line.residual = extremes[1] > 0 ? double{extremes[0]} / extremes[1] : 0.0;
  result.line.flips = counts[0];
  result.line.reached = counts[1];
  return result;
}

/// Collective. Sweeps until the task has settled, or mixed, or made its sweeps.
void sweep_to_end(const graph::Graph& graph, const Task& task, SparseState& state,
                  TaskResult& result) {
  std::vector<std::int32_t> best(to_size(graph.num_owned()), -1);
  const double mixed = 1.0 / static_cast<double>(graph.num_nodes());
  int quiet_checks = 0;
  result.stop = StopReason::limit;
  for (int sweep = 1; sweep <= task.solver.max_sweeps; ++sweep) {
    state.step();
    result.sweeps = sweep;
    if (sweep > kFirstSweeps && sweep % kSweepsPerCheck != 0 && sweep != task.solver.max_sweeps) {
      continue;
    }
    comm::stop_if_asked(graph.comm());
    Check found = check(graph, state, sweep, best);
    const bool is_quiet = found.line.residual < task.solver.tolerance && found.line.flips == 0;
    quiet_checks = is_quiet ? quiet_checks + 1 : 0;
    result.trace.push_back(std::move(found.line));
    if (found.unmixed <= mixed || quiet_checks >= kQuietChecks) {
      result.stop = found.unmixed <= mixed ? StopReason::mixed : StopReason::settled;
      return;
    }
  }
}

/// Reads rows as the task's method means them.
class RowReader {
 public:
  RowReader(const SparseState& state, const Task& task, const SparseConfig& config)
      : state_{&state}, config_{config}, is_poisson_{task.solver.method == Method::poisson} {
    if (is_poisson_) {
      shares_ = label_shares(task);
    }
  }

  /// The labels that are kept, largest first; empty where no label came.
  struct Row {
    std::span<const LabelValue> entries;
    float other = 0;  // value of each other class
    double rest = 0;  // share of the row that is in other classes
  };
  Row read(Count row) {
    const double rest = state_->read(row, entries_);
    if (entries_.empty()) {
      return {};
    }
    double sum = rest;
    for (const LabelValue& entry : entries_) {
      sum += entry.value;
    }
    for (LabelValue& entry : entries_) {
      entry.value = is_poisson_ ? static_cast<float>(entry.value - shares_.at(entry.label) * sum)
                                : static_cast<float>(entry.value / sum);
    }
    const auto kept = std::span{entries_}.first(put_largest_first(entries_, config_.top));
    double cut = rest / sum;
    for (std::size_t i = kept.size(); i < entries_.size(); ++i) {
      cut += is_poisson_ ? 0.0 : entries_[i].value;
    }
    double of_others = is_poisson_ ? 0.0 : cut;
    for (const LabelValue& entry : kept) {
      of_others -= is_poisson_ ? entry.value : 0.0F;  // potentials sum to 0
    }
    const auto others =
        static_cast<double>(std::max<Count>(1, config_.num_classes - count_of(kept)));
    return {kept, static_cast<float>(of_others / others), cut};
  }

 private:
  const SparseState* state_;
  SparseConfig config_;
  bool is_poisson_;
  std::map<std::int32_t, double> shares_;
  std::vector<LabelValue> entries_;
};

/// Rows of a result, empty ones.
void make_rows(TaskResult& result, std::size_t rows, int top) {
  result.scores.assign(rows * to_size(top), 0.0F);
  result.labels.assign(rows * to_size(top), Label{});
  result.other.assign(rows, 0.0F);
}

void put_entry(TaskResult& result, std::size_t at, const LabelValue& entry) {
  result.scores[at] = entry.value;
  result.labels[at] = Label{entry.label};
}

/// Adds up rows of nodes that are no seed: what each class has.
class ClassMassSum {
 public:
  explicit ClassMassSum(int num_classes) : named_(to_size(num_classes)) {}

  void add(const RowReader::Row& row) {
    of_each_.add(double{row.other});
    for (const LabelValue& entry : row.entries) {
      named_[to_size(entry.label)].add(double{entry.value} - double{row.other});
    }
  }
  /// Collective.
  std::vector<double> over_ranks(const comm::Communicator& comm) {
    for (ExactSum& sum : named_) {
      sum.add(of_each_);
    }
    comm::sum_over_ranks(comm, named_);
    std::vector<double> mass;
    for (const ExactSum& sum : named_) {
      mass.push_back(sum.value());
    }
    return mass;
  }

 private:
  std::vector<ExactSum> named_;
  ExactSum of_each_;  // what a class has where no row names it
};

/// Collective. Scores of owned nodes, class masses, and what truncation hid.
void read_owned(const graph::Graph& graph, RowReader& reader, const Task& task,
                const SparseConfig& config, TaskResult& result) {
  const bool keeps_rows = task.watched.empty();
  make_rows(result, keeps_rows ? to_size(graph.num_owned()) : 0, config.top);
  std::set<Position> seeded;
  for (const NodeSeed& seed : task.seeds) {
    seeded.insert(seed.node);
  }
  ClassMassSum mass{config.num_classes};
  std::vector<ExactSum> sums(2);  // shares of the rest, reached rows
  double largest = 0;
  for (Count index = 0; index < graph.num_owned(); ++index) {
    const RowReader::Row row = reader.read(index);
    if (row.entries.empty()) {
      continue;
    }
    sums[0].add(row.rest);
    sums[1].add(1.0);
    largest = std::max(largest, row.rest);
    if (!seeded.contains(Position{graph.owned().begin.value() + index})) {
      mass.add(row);
    }
    if (keeps_rows) {
      result.other[to_size(index)] = row.other;
      for (std::size_t i = 0; i < row.entries.size(); ++i) {
        put_entry(result, to_size(index * config.top) + i, row.entries[i]);
      }
    }
  }
  comm::sum_over_ranks(graph.comm(), std::span{sums});
  result.mean_rest = sums[1].value() > 0 ? sums[0].value() / sums[1].value() : 0.0;
  result.largest_rest = comm::max_over_ranks(graph.comm(), largest);
  if (task.solver.method != Method::poisson) {
    result.class_mass = mass.over_ranks(graph.comm());
  }
}

/// Collective. Scores of the watched nodes, on every rank.
void read_watched(const graph::Graph& graph, RowReader& reader, const Task& task,
                  const SparseConfig& config, TaskResult& result) {
  struct Found {
    Count at;  // row x top + entry; of `other` the row
    LabelValue entry;
  };
  constexpr std::int32_t kOther = -1;
  std::vector<Found> mine;
  for (std::size_t i = 0; i < task.watched.size(); ++i) {
    if (!graph.owned().contains(task.watched[i])) {
      continue;
    }
    const RowReader::Row row = reader.read(graph.local_id(task.watched[i]).value());
    const auto at = static_cast<Count>(i);
    mine.push_back({at, {kOther, row.other}});
    for (std::size_t entry = 0; entry < row.entries.size(); ++entry) {
      mine.push_back({at * config.top + static_cast<Count>(entry), row.entries[entry]});
    }
  }
  make_rows(result, task.watched.size(), config.top);
  for (const Found& found : comm::gather_to_all<Found>(graph.comm(), mine).items) {
    if (found.entry.label == kOther) {
      result.other[to_size(found.at)] = found.entry.value;
    } else {
      put_entry(result, to_size(found.at), found.entry);
    }
  }
}

/// Collective.
TaskResult run_task(const graph::Graph& graph, const graph::Components& components,
                    const Task& task, const SparseConfig& config) {
  TaskResult result;
  if (task.seeds.empty()) {
    make_rows(result, task.watched.empty() ? to_size(graph.num_owned()) : task.watched.size(),
              config.top);
    result.mean_rest = 0;
    return result;
  }
  const auto state = task.solver.method == Method::nearest_seed
                         ? make_sparse_paths(graph, task, config)
                         : make_sparse_sweeps(graph, components, task, config);
  sweep_to_end(graph, task, *state, result);
  RowReader reader{*state, task, config};
  read_owned(graph, reader, task, config, result);
  if (!task.watched.empty()) {
    read_watched(graph, reader, task, config, result);
  }
  return result;
}

}  // namespace

Count sparse_state_bytes(Count local_nodes, const Task& task, int top) {
  return task.solver.method == Method::nearest_seed
             ? 2 * local_nodes * task.solver.nearest * static_cast<Count>(sizeof(Count))
             : 2 * local_nodes * (2 * Count{top} + 2) * static_cast<Count>(sizeof(float));
}

std::vector<TaskResult> propagate_sparse(const graph::Graph& graph, std::span<const Task> tasks,
                                         const SparseConfig& config) {
  for (const Task& task : tasks) {
    if (!has_sparse_form(task.solver.method)) {
      fail("{}: {} has no form for many classes", task.name, to_string(task.solver.method));
    }
  }
  const graph::Components components = graph::connected_components(graph);
  Progress progress{"propagate", count_of(tasks), "tasks"};
  std::vector<TaskResult> results;
  for (const Task& task : tasks) {
    results.push_back(run_task(graph, components, task, config));
    progress.update(count_of(results), fmt::format("classes={}", config.num_classes));
  }
  return results;
}

}  // namespace kith::propagate
