#include "propagate/families.hpp"

#include <algorithm>

namespace kith::propagate {
namespace {

constexpr int kPatience = 5;  // checks without a rise of the held-out accuracy

}  // namespace

Families::Families(std::span<Run> runs) : runs_{runs} {
  for (std::size_t i = 0; i < runs.size(); ++i) {
    Run& run = runs[i];
    if (run.task->family < 0) {
      continue;
    }
    Family& family = families_[run.task->family];
    if (run.sweep == 0) {
      run.leads = family.runs.empty();
      family.state.watched += count_of(run.task->truth);
    } else {
      family.state = run.family;
    }
    family.runs.push_back(i);
    if (run.leads) {
      family.leader = i;
    }
  }
}

void Families::write_states(const std::function<bool(std::size_t)>& is_live) {
  for (const auto& [number, family] : families_) {
    FamilyState state = family.state;
    for (const std::size_t i : family.runs) {
      state.right_of_ended += is_live(i) ? 0 : runs_[i].right;
    }
    for (const std::size_t i : family.runs) {
      runs_[i].family = state;
    }
  }
}

void Families::watch(int sweep, const Actions& actions) {
  for (auto& [number, family] : families_) {
    watch(family, sweep, actions);
  }
}

void Families::watch(Family& family, int sweep, const Actions& actions) {
  FamilyState& state = family.state;
  if (state.watched == 0 || !family.leader || !actions.is_checked(*family.leader)) {
    return;
  }
  const Run& first = runs_[*family.leader];
  Count right = state.right_of_ended;
  for (const std::size_t i : family.runs) {
    right += runs_[i].right;
  }
  first.result->trace.back().held_out =
      static_cast<double>(right) / static_cast<double>(state.watched);
  if (!first.task->solver.early_stop) {
    return;
  }
  if (right > state.best_right) {
    state.best_right = right;
    state.best_sweep = sweep;
    state.checks_since = 0;
    for (const std::size_t i : family.runs) {
      if (runs_[i].running) {
        actions.keep_best(i);
      }
    }
  } else if (++state.checks_since >= kPatience) {
    for (const std::size_t i : family.runs) {
      actions.stop_at_best_sweep(i, state.best_sweep);
    }
  }
}

bool Families::is_at_work(std::size_t i) const {
  for (const auto& [number, family] : families_) {
    if (std::find(family.runs.begin(), family.runs.end(), i) != family.runs.end()) {
      return std::any_of(family.runs.begin(), family.runs.end(),
                         [&](std::size_t other) { return runs_[other].running; });
    }
  }
  return false;
}

}  // namespace kith::propagate
