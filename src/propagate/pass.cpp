#include "propagate/pass.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>

#include "kith/comm/collectives.hpp"
#include "kith/core/log.hpp"
#include "kith/core/progress.hpp"

#include "propagate/conjugate_gradient.hpp"
#include "propagate/nearest_seeds.hpp"
#include "propagate/plan.hpp"
#include "propagate/results.hpp"
#include "propagate/sweeps.hpp"

namespace kith::propagate {
namespace {

// Checks cost a pass over the predictions and an allreduce: five sweeps share one, but for the
// first, where spreading methods are often at their best (Douze et al., CVPR 2018).
constexpr int kSweepsPerCheck = 5;
constexpr int kFirstSweeps = 10;
constexpr int kSweepsPerSurvey = 10;  // class mass and energy, which cost more
constexpr int kQuietChecks = 2;
constexpr int kPatience = 5;  // checks without a rise of the held-out accuracy

/// Tasks of one pass that differ in the held-out seeds only.
struct Family {
  std::vector<std::size_t> runs;
  std::optional<std::size_t> leader;  // its first run, if it has not ended before this pass
  Count watched = 0;
  Count right_of_ended = 0;  // of runs that ended before this pass
  Count best_right = -1;
  int best_sweep = 0;
  int checks_since = 0;
};

int num_phases(Method method) {
  return method == Method::poisson_volume || method == Method::correct_smooth ? 2 : 1;
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

/// Writes the trace and says why the phase has ended, if it has. threshold: of the residual.
std::optional<StopReason> judge(Run& run, const Plan& plan, const Measure& measure, Count num_nodes,
                                int sweep, double threshold) {
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

class Pass {
 public:
  Pass(const graph::Graph& graph, const graph::Components& components, std::vector<Run> runs,
       int num_classes, const Offer& offer)
      : graph_{&graph}, num_classes_{num_classes}, runs_{std::move(runs)}, offer_{&offer} {
    std::vector<const Task*> tasks;
    for (Run& run : runs_) {
      plans_.push_back(make_plan(graph, components, run, num_classes));
      tasks.push_back(run.task);
      longest_ = std::max(longest_, plans_.back().max_sweeps);
      if (run.task->family >= 0) {
        join_family(tasks.size() - 1);
      }
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
    return std::move(unfinished_);
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

  void join_family(std::size_t i) {
    Run& run = runs_[i];
    Family& family = families_[run.task->family];
    if (run.sweep == 0) {
      run.leads = family.runs.empty();
      family.watched += count_of(run.task->truth);
    } else {
      family.watched = run.watched_of_family;
      family.right_of_ended = run.right_of_ended;
      family.best_right = run.best_right;
      family.best_sweep = run.best_sweep;
      family.checks_since = run.checks_since;
    }
    family.runs.push_back(i);
    if (run.leads) {
      family.leader = i;
    }
  }

  void offer(int sweep) {
    std::vector<LiveRun> live;
    for (std::size_t i = 0; i < runs_.size(); ++i) {
      Run& run = runs_[i];
      if (!is_live(i)) {
        continue;
      }
      run.sweep = sweep;
      if (run.task->family >= 0) {
        const Family& family = families_[run.task->family];
        run.watched_of_family = family.watched;
        run.right_of_ended = family.right_of_ended;
        for (const std::size_t other : family.runs) {
          run.right_of_ended += is_live(other) ? 0 : runs_[other].right;
        }
        run.best_right = family.best_right;
        run.best_sweep = family.best_sweep;
        run.checks_since = family.checks_since;
      }
      live.push_back({&run, engine_.get(), i});
    }
    for (const Run& run : unfinished_) {
      live.push_back({&run});
    }
    (*offer_)(live);
  }

  /// Whether a run is at work, or may go back to the best sweep of its family, which is.
  [[nodiscard]] bool is_live(std::size_t i) const {
    const int number = runs_[i].task->family;
    if (number < 0 || !runs_[i].task->solver.early_stop) {
      return runs_[i].running;
    }
    const std::vector<std::size_t>& runs = families_.at(number).runs;
    return std::any_of(runs.begin(), runs.end(),
                       [&](std::size_t other) { return runs_[other].running; });
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
      stops.push_back(
          judge(runs_[i], plans_[i], measures[at], graph_->num_nodes(), sweep, threshold));
      runs_[i].right = measures[at].right;
    }
    survey(sweep, checked, measures, stops);
    for (auto& [number, family] : families_) {
      watch_family(family, sweep);
    }
    for (std::size_t at = 0; at < checked.size(); ++at) {
      if (stops[at] && runs_[checked[at]].running) {
        end(checked[at], *stops[at]);
      }
    }
    engine_->compact();
  }

  /// Collective. Class masses and energy of the tasks that watch nothing, every so many sweeps and
  /// when they end.
  void survey(int sweep, std::span<const std::size_t> checked, std::span<const Measure> measures,
              std::span<const std::optional<StopReason>> stops) {
    const auto width = to_size(num_classes_);
    std::vector<ExactSum> sums;
    std::vector<std::size_t> whole;
    bool has_energy = false;
    for (std::size_t at = 0; at < checked.size(); ++at) {
      const std::size_t i = checked[at];
      if (!runs_[i].task->watched.empty() || (sweep % kSweepsPerSurvey != 0 && !stops[at])) {
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

  /// Collective. Held-out accuracy of a family, and its early stop.
  void watch_family(Family& family, int sweep) {
    if (family.watched == 0 || !family.leader || !is_checked(*family.leader, sweep)) {
      return;
    }
    const Run& first = runs_[*family.leader];
    Count right = family.right_of_ended;
    for (const std::size_t i : family.runs) {
      right += runs_[i].right;
    }
    first.result->trace.back().held_out =
        static_cast<double>(right) / static_cast<double>(family.watched);
    if (!first.task->solver.early_stop) {
      return;
    }
    if (right > family.best_right) {
      family.best_right = right;
      family.best_sweep = sweep;
      family.checks_since = 0;
      for (const std::size_t i : family.runs) {
        if (runs_[i].running) {
          read_result(i, runs_[i].best);
        }
      }
    } else if (++family.checks_since >= kPatience) {
      for (const std::size_t i : family.runs) {
        stop_at_best(i, family.best_sweep);
      }
    }
  }

  /// A task of a family that has passed its best sweep.
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

  /// Collective. Scores and class mass as they are now.
  void read_result(std::size_t i, TaskResult& result) {
    result.scores = collect_scores(*graph_, *engine_, i, *runs_[i].task, plans_[i], num_classes_);
    if (plans_[i].normalizes_rows) {
      result.class_mass = sum_class_mass(*graph_, *engine_, i, plans_[i], num_classes_);
    }
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
      read_result(i, *run.result);
    }
    engine_->retire(i);
    --num_running_;
  }

  const graph::Graph* graph_;
  int num_classes_;
  int longest_ = 0;
  std::vector<Run> runs_;
  const Offer* offer_;
  std::vector<Plan> plans_;
  std::map<int, Family> families_;
  std::unique_ptr<Engine> engine_;
  std::vector<Run> unfinished_;
  Count num_running_ = 0;
};

}  // namespace

Kind kind_of(const Task& task) {
  if (task.solver.method == Method::nearest_seed) {
    return Kind::nearest_seeds;
  }
  return task.solver.solver == Solver::conjugate_gradient ? Kind::conjugate_gradient : Kind::sweeps;
}

std::vector<Run> run_pass(const graph::Graph& graph, const graph::Components& components,
                          std::vector<Run> runs, int num_classes, const Offer& offer) {
  return Pass{graph, components, std::move(runs), num_classes, offer}.run();
}

}  // namespace kith::propagate
