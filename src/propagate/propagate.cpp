#include "kith/propagate/propagate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <numeric>

#include "kith/comm/collectives.hpp"
#include "kith/core/progress.hpp"
#include "kith/graph/components.hpp"

#include "propagate/plan.hpp"
#include "propagate/sweeps.hpp"

namespace kith::propagate {
namespace {

// Checks cost a pass over the predictions and an allreduce; five sweeps share one.
constexpr int kSweepsPerCheck = 5;
constexpr int kQuietChecks = 2;

/// One task on its way through the sweeps.
struct Run {
  const Task* task;
  TaskResult* result;
  int quiet_checks = 0;
  bool running = true;
};

Plan make_plan(const graph::Graph& graph, const graph::Components& components, const Task& task,
               int num_classes) {
  switch (task.solver.method) {
    case Method::harmonic:
      return plan_harmonic(graph, task, num_classes);
    case Method::spreading:
      return plan_spreading(graph, task, num_classes);
    case Method::poisson:
      break;
  }
  return plan_poisson(graph, components, task, num_classes);
}

void write_scores(std::span<const float> state, bool normalizes, std::span<float> scores) {
  const float sum = std::accumulate(state.begin(), state.end(), 0.0F);
  const float scale = normalizes && sum > 0 ? 1 / sum : 1.0F;
  std::transform(state.begin(), state.end(), scores.begin(),
                 [scale](float value) { return value * scale; });
}

/// Scores of all owned nodes, or those of the watched nodes, which every rank gets.
std::vector<float> collect_scores(const graph::Graph& graph, const Sweeps& sweeps,
                                  std::size_t index, const Task& task, const Plan& plan,
                                  int num_classes) {
  const auto width = to_size(num_classes);
  if (task.watched.empty()) {
    std::vector<float> scores(to_size(graph.num_owned()) * width);
    for (LocalId row{0}; row.value() < graph.num_owned(); ++row) {
      write_scores(sweeps.row(index, row), plan.normalizes_rows,
                   std::span{scores}.subspan(to_size(row) * width, width));
    }
    return scores;
  }
  struct Entry {
    Count slot;
    float value;
  };
  std::vector<Entry> mine;
  std::vector<float> one(width);
  for (std::size_t i = 0; i < task.watched.size(); ++i) {
    if (graph.owned().contains(task.watched[i])) {
      write_scores(sweeps.row(index, graph.local_id(task.watched[i])), plan.normalizes_rows, one);
      for (std::size_t label = 0; label < width; ++label) {
        mine.push_back({static_cast<Count>(i * width + label), one[label]});
      }
    }
  }
  std::vector<float> scores(task.watched.size() * width, 0.0F);
  for (const Entry& entry : comm::gather_to_all<Entry>(graph.comm(), mine).items) {
    scores[to_size(entry.slot)] = entry.value;
  }
  return scores;
}

/// Collective. Column sums over the nodes without a seed, exact and hence the same at any rank
/// count.
std::vector<double> sum_class_mass(const graph::Graph& graph, const Sweeps& sweeps,
                                   std::size_t index, const Plan& plan, int num_classes) {
  std::vector<ExactSum> sums(to_size(num_classes));
  std::vector<float> scores(to_size(num_classes));
  auto seed = plan.sources.begin();
  for (LocalId row{0}; row.value() < graph.num_owned(); ++row) {
    if (seed != plan.sources.end() && seed->row == row) {
      ++seed;
      continue;
    }
    write_scores(sweeps.row(index, row), plan.normalizes_rows, scores);
    for (std::size_t label = 0; label < sums.size(); ++label) {
      sums[label].add(double{scores[label]});
    }
  }
  comm::sum_over_ranks(graph.comm(), sums);
  std::vector<double> mass;
  std::transform(sums.begin(), sums.end(), std::back_inserter(mass),
                 [](const ExactSum& sum) { return sum.value(); });
  return mass;
}

/// Collective. Reduces the measures of all running tasks in two messages.
std::vector<Measure> reduce(const comm::Communicator& comm, std::vector<Measure> measures) {
  std::vector<float> extremes;
  std::vector<Count> counts;
  for (const Measure& measure : measures) {
    extremes.insert(extremes.end(), {measure.change, measure.size, measure.unmixed});
    counts.insert(counts.end(), {measure.flips, measure.reached});
    counts.insert(counts.end(), measure.class_counts.begin(), measure.class_counts.end());
  }
  comm::max_over_ranks(comm, extremes);
  comm::sum_over_ranks(comm, counts);
  auto extreme = extremes.begin();
  auto count = counts.begin();
  for (Measure& measure : measures) {
    measure.change = *extreme++;
    measure.size = *extreme++;
    measure.unmixed = *extreme++;
    measure.flips = *count++;
    measure.reached = *count++;
    for (Count& of_class : measure.class_counts) {
      of_class = *count++;
    }
  }
  return measures;
}

/// Writes the trace and says whether the task has ended.
bool has_ended(Run& run, const Plan& plan, const Measure& measure, Count num_nodes, int sweep) {
  const double residual = measure.size > 0 ? double{measure.change} / measure.size : 0.0;
  TaskResult& result = *run.result;
  result.trace.push_back({sweep, residual, measure.flips, measure.reached, measure.class_counts});
  result.sweeps = sweep;
  const bool is_quiet = residual < run.task->solver.tolerance && measure.flips == 0;
  run.quiet_checks = is_quiet ? run.quiet_checks + 1 : 0;
  if (!plan.stationary.empty() && measure.unmixed <= 1.0 / static_cast<double>(num_nodes)) {
    result.stop = StopReason::mixed;
    return true;
  }
  if (run.quiet_checks >= kQuietChecks) {
    result.stop = StopReason::settled;
    return true;
  }
  if (sweep >= run.task->solver.max_sweeps) {
    result.stop = StopReason::limit;
    return true;
  }
  return false;
}

bool is_check(std::span<const Run> runs, int sweep) {
  return sweep % kSweepsPerCheck == 0 || std::any_of(runs.begin(), runs.end(), [&](const Run& run) {
           return run.running && sweep >= run.task->solver.max_sweeps;
         });
}

/// Collective. Runs the tasks of one pass, whose columns fit into memory together.
void run_pass(const graph::Graph& graph, std::span<const Plan> plans, std::span<Run> runs,
              int num_classes) {
  Sweeps sweeps{graph, plans, num_classes};
  int longest = 0;
  for (const Run& run : runs) {
    longest = std::max(longest, run.task->solver.max_sweeps);
  }
  Progress progress{"propagate", longest, "sweeps"};
  auto num_running = count_of(runs);
  for (int sweep = 1; num_running > 0; ++sweep) {
    const bool measured = is_check(runs, sweep);
    sweeps.sweep(measured);
    progress.update(sweep, fmt::format("running_tasks={}", num_running));
    if (!measured) {
      continue;
    }
    std::vector<std::size_t> checked;
    std::vector<Measure> measures;
    for (std::size_t i = 0; i < runs.size(); ++i) {
      if (runs[i].running) {
        checked.push_back(i);
        measures.push_back(sweeps.check(i));
      }
    }
    measures = reduce(graph.comm(), std::move(measures));
    for (std::size_t at = 0; at < checked.size(); ++at) {
      const std::size_t i = checked[at];
      if (has_ended(runs[i], plans[i], measures[at], graph.num_nodes(), sweep)) {
        runs[i].result->scores =
            collect_scores(graph, sweeps, i, *runs[i].task, plans[i], num_classes);
        if (plans[i].normalizes_rows) {
          runs[i].result->class_mass = sum_class_mass(graph, sweeps, i, plans[i], num_classes);
        }
        runs[i].running = false;
        sweeps.retire(i);
        --num_running;
      }
    }
    sweeps.compact();
  }
}

}  // namespace

Count state_bytes(Count local_nodes, Count columns) {
  const Count padded = (columns + kColumnBlock - 1) / kColumnBlock * kColumnBlock;
  return 2 * local_nodes * padded * static_cast<Count>(sizeof(float));
}

std::vector<TaskResult> propagate(const graph::Graph& graph, std::span<const Task> tasks,
                                  const PropagateConfig& config) {
  std::vector<TaskResult> results(tasks.size());
  const graph::Components components = graph::connected_components(graph);
  const Count local_nodes = graph.num_owned() + graph.num_ghosts();
  const Count most_nodes = comm::max_over_ranks(graph.comm(), local_nodes);
  std::size_t first = 0;
  while (first < tasks.size()) {
    std::vector<Plan> plans;
    std::vector<Run> runs;
    Count columns = 0;
    for (; first < tasks.size(); ++first) {
      const Task& task = tasks[first];
      const Count wanted = columns + config.num_classes + 1;
      const bool fits =
          config.memory_bytes == 0 || state_bytes(most_nodes, wanted) <= config.memory_bytes;
      if (!runs.empty() && !fits) {
        break;
      }
      if (task.seeds.empty()) {
        const Count rows = task.watched.empty() ? graph.num_owned() : count_of(task.watched);
        results[first].scores.assign(to_size(rows * config.num_classes), 0.0F);
        continue;
      }
      columns = wanted;
      plans.push_back(make_plan(graph, components, task, config.num_classes));
      runs.push_back({&task, &results[first]});
    }
    run_pass(graph, plans, runs, config.num_classes);
  }
  return results;
}

}  // namespace kith::propagate
