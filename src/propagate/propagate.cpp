#include "kith/propagate/propagate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <optional>

#include "kith/comm/collectives.hpp"
#include "kith/core/progress.hpp"
#include "kith/graph/components.hpp"

#include "propagate/conjugate_gradient.hpp"
#include "propagate/nearest_seeds.hpp"
#include "propagate/plan.hpp"
#include "propagate/sweeps.hpp"

namespace kith::propagate {
namespace {

// Checks cost a pass over the predictions and an allreduce; five sweeps share one.
constexpr int kSweepsPerCheck = 5;
constexpr int kQuietChecks = 2;

/// The engines, by what their state is like.
enum class Kind { sweeps, conjugate_gradient, nearest_seeds };

/// One task on its way through its phases.
struct Run {
  const Task* task;
  TaskResult* result;
  int phase = 0;
  std::vector<float> state;  // owned nodes x K: where the phase before ended
  int sweeps_before = 0;
  int quiet_checks = 0;
  bool running = true;
};

Kind kind_of(const Task& task) {
  if (task.solver.method == Method::nearest_seed) {
    return Kind::nearest_seeds;
  }
  return task.solver.solver == Solver::conjugate_gradient ? Kind::conjugate_gradient : Kind::sweeps;
}

int num_phases(Method method) {
  return method == Method::poisson_volume || method == Method::correct_smooth ? 2 : 1;
}

Count columns_of(const Task& task, Count num_classes) {
  switch (task.solver.method) {
    case Method::adsorption:
      return 2 * num_classes;
    case Method::nearest_seed:
      return task.solver.nearest;
    default:
      return num_classes + 1;  // Poisson's walk
  }
}

Count bytes_per_column(Kind kind) {
  switch (kind) {
    case Kind::sweeps:
      return 2 * sizeof(float);
    case Kind::conjugate_gradient:
      return 4 * sizeof(double);
    case Kind::nearest_seeds:
      return 2 * sizeof(Count);
  }
  return 0;
}

Plan make_plan(const graph::Graph& graph, const graph::Components& components, const Run& run,
               int num_classes) {
  const Task& task = *run.task;
  switch (task.solver.method) {
    case Method::harmonic:
      return plan_harmonic(graph, task, num_classes);
    case Method::spreading:
    case Method::walk:
      return plan_spreading(graph, task, num_classes);
    case Method::poisson:
      return plan_poisson(graph, components, task, num_classes);
    case Method::adsorption:
      return plan_adsorption(graph, task, num_classes);
    case Method::wnll:
      return plan_wnll(graph, task, num_classes);
    case Method::poisson_volume:
      return run.phase == 0 ? plan_poisson(graph, components, task, num_classes)
                            : plan_volume(graph, task, num_classes, run.state);
    case Method::correct_smooth:
      return run.phase == 0 ? plan_correct(graph, task, num_classes)
                            : plan_smooth(graph, task, num_classes, run.state);
    case Method::nearest_seed: {
      Plan plan;
      plan.max_sweeps = task.solver.max_sweeps;
      plan.sources = seed_rows(graph, task, num_classes);
      return plan;
    }
  }
  return {};
}

/// Scales a row of state to a distribution, if the plan's rows are that: what is below 0 there (a
/// rounding error, or a correction that went too far) counts as 0.
void to_scores(const Plan& plan, std::span<float> row) {
  if (!plan.normalizes_rows) {
    return;
  }
  float sum = 0;
  for (float& value : row) {
    value = std::max(value, 0.0F);
    sum += value;
  }
  for (float& value : row) {
    value *= sum > 0 ? 1 / sum : 1.0F;
  }
}

/// Scores of all owned nodes, or those of the watched nodes, which every rank gets.
std::vector<float> collect_scores(const graph::Graph& graph, const Engine& engine,
                                  std::size_t index, const Task& task, const Plan& plan,
                                  int num_classes) {
  const auto width = to_size(num_classes);
  if (task.watched.empty()) {
    std::vector<float> scores(to_size(graph.num_owned()) * width);
    for (LocalId row{0}; row.value() < graph.num_owned(); ++row) {
      const auto one = std::span{scores}.subspan(to_size(row) * width, width);
      engine.read_row(index, row, one);
      to_scores(plan, one);
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
      engine.read_row(index, graph.local_id(task.watched[i]), one);
      to_scores(plan, one);
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
std::vector<double> sum_class_mass(const graph::Graph& graph, const Engine& engine,
                                   std::size_t index, const Plan& plan, int num_classes) {
  std::vector<ExactSum> sums(to_size(num_classes));
  std::vector<float> scores(to_size(num_classes));
  auto seed = plan.sources.begin();
  for (LocalId row{0}; row.value() < graph.num_owned(); ++row) {
    if (seed != plan.sources.end() && seed->row == row) {
      ++seed;
      continue;
    }
    engine.read_row(index, row, scores);
    to_scores(plan, scores);
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

/// Writes the trace and says why the phase has ended, if it has. threshold: of the residual.
std::optional<StopReason> judge(Run& run, const Plan& plan, const Measure& measure, Count num_nodes,
                                int sweep, double threshold) {
  const double residual = measure.size > 0 ? double{measure.change} / measure.size : 0.0;
  TaskResult& result = *run.result;
  result.sweeps = run.sweeps_before + sweep;
  result.trace.push_back(
      {result.sweeps, residual, measure.flips, measure.reached, measure.class_counts});
  const bool is_quiet = residual < threshold && measure.flips == 0;
  run.quiet_checks = is_quiet ? run.quiet_checks + 1 : 0;
  if (measure.stop) {
    return measure.stop;
  }
  if (!plan.stationary.empty() && measure.unmixed <= 1.0 / static_cast<double>(num_nodes)) {
    return StopReason::mixed;
  }
  if (run.quiet_checks >= kQuietChecks && plan.projection.every == 0) {
    return StopReason::settled;
  }
  return sweep >= plan.max_sweeps ? std::optional{StopReason::limit} : std::nullopt;
}

/// What a phase leaves to the next.
std::vector<float> read_state(const graph::Graph& graph, const Engine& engine, std::size_t index,
                              int num_classes) {
  const auto width = to_size(num_classes);
  std::vector<float> state(to_size(graph.num_owned()) * width);
  for (LocalId row{0}; row.value() < graph.num_owned(); ++row) {
    engine.read_row(index, row, std::span{state}.subspan(to_size(row) * width, width));
  }
  return state;
}

/// Some tasks of one kind whose columns fit into memory together.
class Pass {
 public:
  Pass(const graph::Graph& graph, const graph::Components& components, std::vector<Run> runs,
       int num_classes)
      : graph_{&graph}, num_classes_{num_classes}, runs_{std::move(runs)} {
    std::vector<const Task*> tasks;
    for (const Run& run : runs_) {
      plans_.push_back(make_plan(graph, components, run, num_classes));
      tasks.push_back(run.task);
      longest_ = std::max(longest_, plans_.back().max_sweeps);
    }
    switch (kind_of(*tasks.front())) {
      case Kind::sweeps:
        engine_ = std::make_unique<Sweeps>(graph, plans_, num_classes);
        break;
      case Kind::conjugate_gradient:
        engine_ = std::make_unique<ConjugateGradient>(graph, components, plans_, num_classes);
        break;
      case Kind::nearest_seeds:
        engine_ = std::make_unique<NearestSeeds>(graph, tasks, num_classes);
        break;
    }
  }

  /// Collective. Returns the runs that have another phase before them.
  std::vector<Run> run() {
    Progress progress{"propagate", longest_, "sweeps"};
    num_running_ = count_of(runs_);
    for (int sweep = 1; num_running_ > 0; ++sweep) {
      const bool measured = is_check(sweep);
      engine_->step(measured);
      progress.update(sweep, fmt::format("running_tasks={}", num_running_));
      if (measured) {
        check(sweep);
      }
    }
    return std::move(unfinished_);
  }

 private:
  [[nodiscard]] bool is_check(int sweep) const {
    if (sweep % kSweepsPerCheck == 0) {
      return true;
    }
    for (std::size_t i = 0; i < runs_.size(); ++i) {
      if (runs_[i].running && sweep >= plans_[i].max_sweeps) {
        return true;
      }
    }
    return false;
  }

  void check(int sweep) {
    std::vector<std::size_t> checked;
    std::vector<Measure> measures;
    for (std::size_t i = 0; i < runs_.size(); ++i) {
      if (runs_[i].running) {
        checked.push_back(i);
        measures.push_back(engine_->check(i));
      }
    }
    measures = reduce(graph_->comm(), std::move(measures));
    for (std::size_t at = 0; at < checked.size(); ++at) {
      const std::size_t i = checked[at];
      const double threshold = runs_[i].task->solver.tolerance * engine_->tolerance_factor();
      const auto stop =
          judge(runs_[i], plans_[i], measures[at], graph_->num_nodes(), sweep, threshold);
      if (stop) {
        end(i, *stop);
      }
    }
    engine_->compact();
  }

  void end(std::size_t i, StopReason stop) {
    Run& run = runs_[i];
    run.running = false;
    run.result->stop = stop;
    if (run.phase + 1 < num_phases(run.task->solver.method)) {
      Run& next = unfinished_.emplace_back();
      next.task = run.task;
      next.result = run.result;
      next.phase = run.phase + 1;
      next.state = read_state(*graph_, *engine_, i, num_classes_);
      next.sweeps_before = run.result->sweeps;
    } else {
      run.result->scores = collect_scores(*graph_, *engine_, i, *run.task, plans_[i], num_classes_);
      if (plans_[i].normalizes_rows) {
        run.result->class_mass = sum_class_mass(*graph_, *engine_, i, plans_[i], num_classes_);
      }
    }
    engine_->retire(i);
    --num_running_;
  }

  const graph::Graph* graph_;
  int num_classes_;
  int longest_ = 0;
  std::vector<Run> runs_;
  std::vector<Plan> plans_;
  std::unique_ptr<Engine> engine_;
  std::vector<Run> unfinished_;
  Count num_running_ = 0;
};

Count padded(Count columns) {
  return (columns + kColumnBlock - 1) / kColumnBlock * kColumnBlock;
}

/// Takes the first run and as many more of its kind as fit into memory beside it.
std::vector<Run> take_pass(std::vector<Run>& waiting, Count most_nodes,
                           const PropagateConfig& config) {
  const Kind kind = kind_of(*waiting.front().task);
  std::vector<Run> taken;
  std::vector<Run> left;
  Count columns = 0;
  for (Run& run : waiting) {
    const Count wanted = columns + columns_of(*run.task, config.num_classes);
    const bool fits = taken.empty() || config.memory_bytes == 0 ||
                      most_nodes * padded(wanted) * bytes_per_column(kind) <= config.memory_bytes;
    if (kind_of(*run.task) == kind && fits) {
      columns = wanted;
      taken.push_back(std::move(run));
    } else {
      left.push_back(std::move(run));
    }
  }
  waiting = std::move(left);
  return taken;
}

}  // namespace

Count state_bytes(Count local_nodes, Count columns) {
  return local_nodes * padded(columns) * bytes_per_column(Kind::sweeps);
}

std::vector<TaskResult> propagate(const graph::Graph& graph, std::span<const Task> tasks,
                                  const PropagateConfig& config) {
  std::vector<TaskResult> results(tasks.size());
  const graph::Components components = graph::connected_components(graph);
  const Count most_nodes =
      comm::max_over_ranks(graph.comm(), graph.num_owned() + graph.num_ghosts());
  std::vector<Run> waiting;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    if (tasks[i].seeds.empty()) {
      const Count rows = tasks[i].watched.empty() ? graph.num_owned() : count_of(tasks[i].watched);
      results[i].scores.assign(to_size(rows * config.num_classes), 0.0F);
      continue;
    }
    Run& run = waiting.emplace_back();
    run.task = &tasks[i];
    run.result = &results[i];
  }
  while (!waiting.empty()) {
    Pass pass{graph, components, take_pass(waiting, most_nodes, config), config.num_classes};
    std::vector<Run> unfinished = pass.run();
    std::move(unfinished.begin(), unfinished.end(), std::back_inserter(waiting));
  }
  return results;
}

}  // namespace kith::propagate
