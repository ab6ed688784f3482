#include "propagate/pass.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "kith/comm/collectives.hpp"
#include "kith/core/log.hpp"
#include "kith/core/progress.hpp"

#include "propagate/conjugate_gradient.hpp"
#include "propagate/cross_validation.hpp"
#include "propagate/nearest_seeds.hpp"
#include "propagate/plan.hpp"
#include "propagate/results.hpp"
#include "propagate/sweeps.hpp"
#include "propagate/truncated_paths.hpp"
#include "propagate/truncated_sweeps.hpp"

namespace kith::propagate {
namespace {

// Checks cost a pass over the predictions and an allreduce: five sweeps share one, but for the
// first, where spreading methods are often at their best (Douze et al., CVPR 2018).
constexpr int kSweepsPerCheck = 5;
constexpr int kFirstSweeps = 10;
constexpr int kSweepsPerSurvey = 10;  // class mass and energy, which cost more
constexpr int kQuietChecks = 2;

/// Collective. Reduces the measures of all running tasks in two messages.
std::vector<Measure> reduce(const comm::Communicator& comm, std::vector<Measure> measures) {
  std::vector<float> extremes;
  std::vector<Count> counts;
  for (const Measure& measure : measures) {
    extremes.insert(extremes.end(), {measure.change, measure.size, measure.unmixed});
    counts.insert(counts.end(), {measure.flips, measure.reached, measure.right});
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
    measure.right = *count++;
    for (Count& of_class : measure.class_counts) {
      of_class = *count++;
    }
  }
  return measures;
}

/// Writes a line of the trace and says why the phase has ended, if it has. threshold: of the
/// residual.
std::optional<StopReason> test_convergence(Run& run, const Plan& plan, const Measure& measure,
                                           Count num_nodes, int sweep, double threshold) {
  const double residual = measure.size > 0 ? double{measure.change} / measure.size : 0.0;
  TaskResult& result = *run.result;
  result.sweeps = run.sweeps_before + sweep;
  SweepTrace& line = result.trace.emplace_back();
  line.sweep = result.sweeps;
  line.residual = residual;
  line.flips = measure.flips;
  line.reached = measure.reached;
  line.class_counts = measure.class_counts;
  const bool is_quiet = residual < threshold && measure.flips == 0;
  run.quiet_checks = is_quiet ? run.quiet_checks + 1 : 0;
  if (measure.stop) {
    return measure.stop;
  }
  if (plan.walks && measure.unmixed <= 1.0 / static_cast<double>(num_nodes)) {
    return StopReason::mixed;
  }
  if (run.quiet_checks >= kQuietChecks && plan.projection.every == 0) {
    return StopReason::settled;
  }
  return sweep >= plan.max_sweeps ? std::optional{StopReason::limit} : std::nullopt;
}

std::unique_ptr<Engine> make_engine(std::span<const Problem> problems, std::span<const Plan> plans,
                                    const PropagateConfig& config) {
  const Problem& first = problems.front();
  std::vector<const Task*> tasks;
  for (const Problem& problem : problems) {
    tasks.push_back(&problem.task);
  }
  switch (kind_of(first.task, config)) {
    case Kind::sweeps:
      return std::make_unique<Sweeps>(first.graph, plans, config.num_classes);
    case Kind::conjugate_gradient:
      return std::make_unique<ConjugateGradient>(first.graph, first.components, plans,
                                                 config.num_classes);
    case Kind::shortest_paths:
      return std::make_unique<NearestSeeds>(first.graph, tasks, config.num_classes);
    case Kind::truncated_sweeps:
      return std::make_unique<TruncatedSweeps>(first, plans.front(), config.top_labels);
    case Kind::truncated_paths:
      return std::make_unique<TruncatedPaths>(first.graph, tasks.front(), config.num_classes,
                                              config.top_labels);
  }
  return nullptr;
}

class Pass {
 public:
  /// Collective.
  Pass(const graph::Graph& graph, const graph::Components& components, std::vector<Run> runs,
       const PropagateConfig& config, const Offer& offer)
      : graph_{&graph},
        num_classes_{config.num_classes},
        runs_{std::move(runs)},
        offer_{&offer},
        cross_validation_{is_truncated(config) ? std::span<Run>{} : std::span{runs_}} {
    std::vector<Problem> problems;
    for (const Run& run : runs_) {
      problems.push_back(
          {graph, components, *run.task, num_classes_, run.phase, std::span{run.state}});
      Plan& plan = plans_.emplace_back(run.task->solver.method->plan(problems.back()));
      if (!is_truncated(config)) {
        fill_rows(plan, problems.back());
      }
      longest_ = std::max(longest_, plan.max_sweeps);
    }
    engine_ = make_engine(problems, plans_, config);
    go_on();
  }

  /// Collective. Returns the runs that have another phase before them.
  std::vector<Run> run() {
    Progress progress{"propagate", longest_, "sweeps"};
    num_running_ =
        std::count_if(runs_.begin(), runs_.end(), [](const Run& r) { return r.running; });
    for (int sweep = runs_.front().sweep + 1; num_running_ > 0; ++sweep) {
      const bool measured = is_check(sweep);
      engine_->step(measured);
      progress.update(sweep, fmt::format("running_tasks={}", num_running_));
      if (measured) {
        check(sweep);
        offer(sweep);
      }
    }
    const Count bytes = comm::sum_over_ranks(graph_->comm(), engine_->halo_bytes());
    log::info("stage=propagate tasks={} halo_bytes={}", runs_.size(), bytes);
    return std::move(carried_over_);
  }

 private:
  /// Collective. The state of a snapshot, if the runs have one.
  void go_on() {
    const int sweep = runs_.front().sweep;
    if (sweep == 0) {
      return;
    }
    for (std::size_t i = 0; i < runs_.size(); ++i) {
      if (!runs_[i].running) {
        engine_->retire(i);
        continue;
      }
      engine_->load_rows(i, runs_[i].rows);
      engine_->load_numbers(i, runs_[i].numbers);
      runs_[i].rows = std::vector<std::byte>{};
    }
    engine_->go_on(sweep);
  }

  /// Collective.
  void offer(int sweep) {
    cross_validation_.write_states([this](std::size_t i) { return is_live(i); });
    std::vector<LiveRun> live;
    for (std::size_t i = 0; i < runs_.size(); ++i) {
      if (is_live(i)) {
        runs_[i].sweep = sweep;
        live.push_back({&runs_[i], engine_.get(), i});
      }
    }
    for (const Run& run : carried_over_) {
      live.push_back({&run});
    }
    (*offer_)(live);
  }

  /// Whether a run is at work, or may go back to the best sweep of its group, which is.
  [[nodiscard]] bool is_live(std::size_t i) const {
    return runs_[i].running ||
           (runs_[i].task->solver.early_stop && cross_validation_.is_at_work(i));
  }

  /// Whether a task is checked does not depend on which others run along.
  [[nodiscard]] bool is_checked(std::size_t i, int sweep) const {
    const bool goes_to_limit = runs_[i].task->solver.solver != Solver::sweeps;
    const bool scheduled =
        (sweep <= kFirstSweeps && !goes_to_limit) || sweep % kSweepsPerCheck == 0;
    return runs_[i].running && (scheduled || sweep >= plans_[i].max_sweeps);
  }

  [[nodiscard]] bool is_check(int sweep) const {
    for (std::size_t i = 0; i < runs_.size(); ++i) {
      if (is_checked(i, sweep)) {
        return true;
      }
    }
    return false;
  }

  void check(int sweep) {
    std::vector<std::size_t> checked;
    std::vector<Measure> measures;
    for (std::size_t i = 0; i < runs_.size(); ++i) {
      if (is_checked(i, sweep)) {
        checked.push_back(i);
        measures.push_back(engine_->check(i));
        measures.back().right = engine_->count_right(i, *runs_[i].task);
      }
    }
    measures = reduce(graph_->comm(), std::move(measures));
    std::vector<std::optional<StopReason>> stops;
    for (std::size_t at = 0; at < checked.size(); ++at) {
      const std::size_t i = checked[at];
      const double threshold = runs_[i].task->solver.tolerance * engine_->tolerance_factor();
      stops.push_back(test_convergence(runs_[i], plans_[i], measures[at], graph_->num_nodes(),
                                       sweep, threshold));
      runs_[i].right = measures[at].right;
    }
    survey(sweep, checked, measures, stops);
    cross_validation_.check(sweep, {[&](std::size_t i) { return is_checked(i, sweep); },
                                    [&](std::size_t i) {
                                      engine_->collect(i, *runs_[i].task, plans_[i], runs_[i].best);
                                    },
                                    [&](std::size_t i, int best) { stop_at_best(i, best); }});
    for (std::size_t at = 0; at < checked.size(); ++at) {
      if (stops[at] && runs_[checked[at]].running) {
        end(checked[at], *stops[at]);
      }
    }
    engine_->compact();
  }

  /// Collective. Class masses and energy of the tasks without validation nodes, every so many
  /// sweeps and when they end.
  void survey(int sweep, std::span<const std::size_t> checked, std::span<const Measure> measures,
              std::span<const std::optional<StopReason>> stops) {
    if (!engine_->has_all_classes()) {
      return;
    }
    const auto width = to_size(num_classes_);
    std::vector<ExactSum> sums;
    std::vector<std::size_t> whole;
    bool has_energy = false;
    for (std::size_t at = 0; at < checked.size(); ++at) {
      const std::size_t i = checked[at];
      if (!runs_[i].task->validation_nodes.empty() ||
          (sweep % kSweepsPerSurvey != 0 && !stops[at])) {
        continue;
      }
      whole.push_back(i);
      sums.resize(sums.size() + width + 2);
      const auto mine = std::span{sums}.last(width + 2);
      if (plans_[i].normalizes_rows) {
        add_scores(*graph_, *engine_, i, plans_[i], true, mine.first(width));
      }
      const double scale = measures[at].size > 0 ? 1 / double{measures[at].size} : 0.0;
      has_energy = engine_->add_energy(i, scale, mine[width], mine[width + 1]);
    }
    comm::sum_over_ranks(graph_->comm(), std::span{sums});
    for (std::size_t at = 0; at < whole.size(); ++at) {
      SweepTrace& line = runs_[whole[at]].result->trace.back();
      const auto mine = std::span{sums}.subspan(at * (width + 2), width + 2);
      for (std::size_t label = 0; label < width && plans_[whole[at]].normalizes_rows; ++label) {
        line.class_mass.push_back(mine[label].value());
      }
      const double size = mine[width + 1].value();
      if (has_energy && size > 0) {
        line.energy = mine[width].value() / size;
      }
    }
  }

  /// A task of a group that has passed its best sweep.
  void stop_at_best(std::size_t i, int sweep) {
    Run& run = runs_[i];
    if (run.running) {
      run.running = false;
      engine_->retire(i);
      --num_running_;
    }
    run.result->scores = std::move(run.best.scores);
    run.result->class_mass = std::move(run.best.class_mass);
    run.result->sweeps = sweep;
    run.result->stop = StopReason::held_out;
  }

  void end(std::size_t i, StopReason stop) {
    Run& run = runs_[i];
    run.running = false;
    run.result->stop = stop;
    if (run.phase + 1 < run.task->solver.method->num_phases()) {
      Run& next = carried_over_.emplace_back();
      next.task = run.task;
      next.result = run.result;
      next.phase = run.phase + 1;
      next.state = read_state(*graph_, *engine_, i, num_classes_);
      next.sweeps_before = run.result->sweeps;
    } else {
      engine_->collect(i, *run.task, plans_[i], *run.result);
    }
    engine_->retire(i);
    --num_running_;
  }

  const graph::Graph* graph_;
  int num_classes_;
  int longest_ = 0;
  std::vector<Run> runs_;
  const Offer* offer_;
  CrossValidation cross_validation_;
  std::vector<Plan> plans_;
  std::unique_ptr<Engine> engine_;
  std::vector<Run> carried_over_;
  Count num_running_ = 0;
};

}  // namespace

Kind kind_of(const Task& task, const PropagateConfig& config) {
  const bool follows_paths = task.solver.method->facts().walk == Walk::shortest_paths;
  if (is_truncated(config)) {
    return follows_paths ? Kind::truncated_paths : Kind::truncated_sweeps;
  }
  if (follows_paths) {
    return Kind::shortest_paths;
  }
  return task.solver.solver == Solver::conjugate_gradient ? Kind::conjugate_gradient : Kind::sweeps;
}

std::vector<Run> run_pass(const graph::Graph& graph, const graph::Components& components,
                          std::vector<Run> runs, const PropagateConfig& config,
                          const Offer& offer) {
  return Pass{graph, components, std::move(runs), config, offer}.run();
}

}  // namespace kith::propagate
