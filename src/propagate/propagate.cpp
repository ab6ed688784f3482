#include "kith/propagate/propagate.hpp"

#include <algorithm>
#include <iterator>
#include <map>

#include "kith/comm/collectives.hpp"
#include "kith/comm/stop.hpp"
#include "kith/core/error.hpp"
#include "kith/core/log.hpp"
#include "kith/propagate/memory.hpp"

#include "propagate/columns.hpp"
#include "propagate/pass.hpp"
#include "propagate/snapshot.hpp"
#include "propagate/truncated.hpp"

namespace kith::propagate {
namespace {

Count columns_of(const Task& task, int num_classes) {
  return task.solver.method->num_columns(task.solver, num_classes);
}

/// Adds the columns of the tasks of a run's group that are waiting, or its own: what must run
/// together.
void add_columns(std::span<const Run> waiting, const Run& run, int num_classes,
                 std::vector<Count>& widths) {
  if (run.task->group < 0) {
    widths.push_back(columns_of(*run.task, num_classes));
    return;
  }
  for (const Run& other : waiting) {
    if (other.task->group == run.task->group) {
      widths.push_back(columns_of(*other.task, num_classes));
    }
  }
}

/// Takes the first run and as many more of its kind and sweep as fit into memory beside it. A
/// group is never split, for its tasks stop together. All numbers are the same on every
/// rank.
std::vector<Run> take_pass(std::vector<Run>& waiting, Count most_nodes,
                           const PropagateConfig& config) {
  if (is_truncated(config)) {
    std::vector<Run> first;
    first.push_back(std::move(waiting.front()));
    waiting.erase(waiting.begin());
    return first;
  }
  const Kind kind = kind_of(*waiting.front().task, config);
  const Count column_bytes = propagate::column_bytes(waiting.front().task->solver).owned;
  const int sweep = waiting.front().sweep;
  std::map<int, bool> group_fits;
  std::vector<char> is_taken(waiting.size(), 0);
  std::vector<Count> widths;
  bool is_first = true;
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    const int group = waiting[i].task->group;
    const auto known = group_fits.find(group);
    if (kind_of(*waiting[i].task, config) != kind || waiting[i].sweep != sweep) {
      continue;
    }
    if (group >= 0 && known != group_fits.end()) {
      is_taken[i] = known->second ? 1 : 0;
      continue;
    }
    std::vector<Count> wanted = widths;
    add_columns(waiting, waiting[i], config.num_classes, wanted);
    const bool fits = is_first || config.memory_bytes == 0 ||
                      most_nodes * panel_columns(wanted) * column_bytes <= config.memory_bytes;
    is_first = false;
    widths = fits ? std::move(wanted) : widths;
    is_taken[i] = fits ? 1 : 0;
    if (group >= 0) {
      group_fits[group] = fits;
    }
  }
  std::vector<Run> taken;
  std::vector<Run> left;
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    (is_taken[i] != 0 ? taken : left).push_back(std::move(waiting[i]));
  }
  waiting = std::move(left);
  return taken;
}

/// A run of each task that has seeds, or needs none; the others have their result.
std::vector<Run> begin_runs(const graph::Graph& graph, std::span<const Task> tasks,
                            std::span<TaskResult> results, const PropagateConfig& config) {
  std::vector<Run> runs;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    if (tasks[i].seeds.empty() && !tasks[i].solver.method->facts().needs_no_seeds) {
      const Count rows = tasks[i].validation_nodes.empty() ? graph.num_owned()
                                                           : count_of(tasks[i].validation_nodes);
      if (is_truncated(config)) {
        collect_nothing(graph, tasks[i], config.top_labels, results[i]);
      } else {
        results[i].scores.assign(to_size(rows * config.num_classes), 0.0F);
      }
      continue;
    }
    Run& run = runs.emplace_back();
    run.task = &tasks[i];
    run.result = &results[i];
  }
  return runs;
}

}  // namespace

std::vector<TaskResult> propagate(const graph::Graph& graph, std::span<const Task> tasks,
                                  const PropagateConfig& config) {
  const bool truncated = is_truncated(config);
  for (const Task& task : tasks) {
    if (truncated && !task.solver.method->facts().has_truncated_form) {
      fail("{}: {} has no form for many classes", task.name, task.solver.method->name());
    }
  }
  const RowShape shape{truncated ? config.top_labels : config.num_classes, truncated};
  std::vector<TaskResult> results(tasks.size());
  const graph::Components components = graph::connected_components(graph);
  const Count most_nodes =
      comm::max_over_ranks(graph.comm(), graph.num_owned() + graph.num_ghosts());
  std::vector<Run> waiting = begin_runs(graph, tasks, results, config);
  PropagateConfig agreed = config;
  agreed.memory_bytes = comm::min_over_ranks(graph.comm(), config.memory_bytes);
  if (config.checkpoint != nullptr) {
    const bool goes_on = config.checkpoint->resume([&](const comm::StateReader& reader) {
      waiting = load_runs(graph, tasks, results, shape, reader);
    });
    if (goes_on) {
      log::info("stage=propagate state=resumed tasks_left={} of={}", waiting.size(), tasks.size());
    }
  }
  while (!waiting.empty()) {
    std::vector<Run> taken = take_pass(waiting, most_nodes, agreed);
    const Offer offer = [&](std::span<const LiveRun> of_pass) {
      if (config.checkpoint == nullptr) {
        comm::stop_if_asked(graph.comm());
        return;
      }
      config.checkpoint->offer([&](comm::StateWriter& writer) {
        std::vector<LiveRun> live(of_pass.begin(), of_pass.end());
        for (const Run& run : waiting) {
          live.push_back({&run});
        }
        save_runs(graph, tasks, results, live, shape, writer);
      });
    };
    std::vector<Run> carried_over = run_pass(graph, components, std::move(taken), config, offer);
    std::move(carried_over.begin(), carried_over.end(), std::back_inserter(waiting));
    std::sort(waiting.begin(), waiting.end(),  // whatever ended first: a group's first task leads
              [](const Run& a, const Run& b) { return a.task < b.task; });
  }
  return results;
}

}  // namespace kith::propagate
