#include "kith/propagate/sparse.hpp"

#include <fmt/format.h>

#include <mutex>
#include <utility>

#include "kith/comm/collectives.hpp"
#include "kith/comm/stop.hpp"
#include "kith/core/error.hpp"
#include "kith/core/log.hpp"
#include "kith/core/parallel.hpp"
#include "kith/core/progress.hpp"
#include "kith/propagate/propagate.hpp"

#include "propagate/sparse_results.hpp"
#include "propagate/sparse_state.hpp"

namespace kith::propagate {
namespace {

constexpr Count kRowsPerChunk = 512;
constexpr int kSweepsPerCheck = 5;
constexpr int kFirstSweeps = 10;  // each of them is checked
constexpr int kQuietChecks = 2;

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

/// A task at work.
struct Work {
  TaskResult result;  // so far, without scores
  int quiet_checks = 0;
  std::vector<std::byte> rows;  // of a snapshot: its state after result.sweeps
};

/// Tasks that have ended, and the one at work, in snapshots.
class Saved {
 public:
  Saved(const graph::Graph& graph, std::span<const Task> tasks, const SparseConfig& config)
      : graph_{&graph},
        tasks_{tasks},
        checkpoint_{config.checkpoint},
        shape_{config.top, true},
        results_(tasks.size()) {}

  /// Collective. The task to go on with, and how far it is.
  Work resume() {
    Work work;
    if (checkpoint_ == nullptr) {
      return work;
    }
    const bool found = checkpoint_->resume([&](const comm::StateReader& reader) {
      const std::vector<double> at = reader.read_numbers(kAt);
      num_ended_ = static_cast<std::size_t>(at.at(0));
      work.quiet_checks = static_cast<int>(at.at(1));
      const auto row_bytes = static_cast<Count>(at.at(2));
      for (std::size_t i = 0; i < num_ended_; ++i) {
        results_[i] = load_result(*graph_, !tasks_[i].watched.empty(), shape_, name_of(i), reader);
      }
      work.result = load_result(*graph_, true, shape_, kWork, reader);
      work.rows.resize(to_size(graph_->num_owned() * row_bytes));
      reader.read_rows(kRows, work.rows, graph_->owned().begin.value(), row_bytes);
    });
    if (found) {
      log::info("stage=propagate state=resumed tasks_left={} of={}", tasks_.size() - num_ended_,
                tasks_.size());
    }
    return work;
  }

  /// Collective, after a check.
  void offer(const Work& work, const SparseState& state) {
    if (checkpoint_ == nullptr) {
      comm::stop_if_asked(graph_->comm());
      return;
    }
    checkpoint_->offer([&](comm::StateWriter& writer) {
      const Count row_bytes = state.row_bytes();
      writer.write_numbers(
          kAt, std::vector{static_cast<double>(num_ended_), static_cast<double>(work.quiet_checks),
                           static_cast<double>(row_bytes)});
      for (std::size_t i = 0; i < num_ended_; ++i) {
        save_result(*graph_, results_[i], !tasks_[i].watched.empty(), shape_, name_of(i), writer);
      }
      save_result(*graph_, work.result, true, shape_, kWork, writer);
      std::vector<std::byte> rows(to_size(graph_->num_owned() * row_bytes));
      state.save(rows);
      writer.write_rows(kRows, rows, graph_->owned().begin.value(), graph_->num_nodes(), row_bytes);
    });
  }

  void end(TaskResult result) { results_[num_ended_++] = std::move(result); }
  [[nodiscard]] std::size_t num_ended() const { return num_ended_; }
  [[nodiscard]] std::vector<TaskResult> take() { return std::move(results_); }

 private:
  static constexpr const char* kAt = "/at";
  static constexpr const char* kWork = "/work";
  static constexpr const char* kRows = "/rows";
  static std::string name_of(std::size_t task) { return fmt::format("/ended/{}", task); }

  const graph::Graph* graph_;
  std::span<const Task> tasks_;
  comm::Checkpoint* checkpoint_;
  RowShape shape_;
  std::vector<TaskResult> results_;
  std::size_t num_ended_ = 0;
};

/// Collective. Sweeps until the task has settled, or mixed, or made its sweeps.
void sweep_to_end(const graph::Graph& graph, const Task& task, SparseState& state, Work& work,
                  Saved& saved) {
  TaskResult& result = work.result;
  std::vector<std::int32_t> best(to_size(graph.num_owned()), -1);
  if (result.sweeps > 0) {
    state.load(work.rows);
    work.rows = {};
    for (Count row = 0; row < graph.num_owned(); ++row) {
      best[to_size(row)] = state.best(row);
    }
  }
  const double mixed = 1.0 / static_cast<double>(graph.num_nodes());
  result.stop = StopReason::limit;
  while (result.sweeps < task.solver.max_sweeps) {
    state.step();
    const int sweep = ++result.sweeps;
    if (sweep > kFirstSweeps && sweep % kSweepsPerCheck != 0 && sweep != task.solver.max_sweeps) {
      continue;
    }
    Check found = check(graph, state, sweep, best);
    const bool is_quiet = found.line.residual < task.solver.tolerance && found.line.flips == 0;
    work.quiet_checks = is_quiet ? work.quiet_checks + 1 : 0;
    result.trace.push_back(std::move(found.line));
    if (found.unmixed <= mixed || work.quiet_checks >= kQuietChecks) {
      result.stop = found.unmixed <= mixed ? StopReason::mixed : StopReason::settled;
      return;
    }
    saved.offer(work, state);
  }
}

/// Collective.
TaskResult run_task(const graph::Graph& graph, const graph::Components& components,
                    const Task& task, const SparseConfig& config, Work work, Saved& saved) {
  TaskResult& result = work.result;
  if (task.seeds.empty()) {
    read_nothing(graph, task, config, result);
    return std::move(result);
  }
  const auto state = task.solver.method == Method::nearest_seed
                         ? make_sparse_paths(graph, task, config)
                         : make_sparse_sweeps(graph, components, task, config);
  sweep_to_end(graph, task, *state, work, saved);
  read_result(graph, *state, task, config, result);
  return std::move(result);
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
  Saved saved{graph, tasks, config};
  Work work = saved.resume();
  while (saved.num_ended() < tasks.size()) {
    saved.end(run_task(graph, components, tasks[saved.num_ended()], config, std::exchange(work, {}),
                       saved));
    progress.update(static_cast<Count>(saved.num_ended()),
                    fmt::format("classes={}", config.num_classes));
  }
  return saved.take();
}

}  // namespace kith::propagate
