#include "propagate/cross_validation.hpp"

#include <algorithm>

namespace kith::propagate {
namespace {

constexpr int kPatience = 5;  // checks without a rise of the held-out accuracy

}  // namespace

CrossValidation::CrossValidation(std::span<Run> runs) : runs_{runs} {
  for (std::size_t i = 0; i < runs.size(); ++i) {
    Run& run = runs[i];
    if (run.task->group < 0) {
      continue;
    }
    Group& group = groups_[run.task->group];
    if (run.sweep == 0) {
      run.leads = group.runs.empty();
      group.state.num_nodes += count_of(run.task->truth);
    } else {
      group.state = run.group;
    }
    group.runs.push_back(i);
    if (run.leads) {
      group.leader = i;
    }
  }
}

void CrossValidation::write_states(const std::function<bool(std::size_t)>& is_live) {
  for (const auto& [number, group] : groups_) {
    GroupState state = group.state;
    for (const std::size_t i : group.runs) {
      state.right_of_ended += is_live(i) ? 0 : runs_[i].right;
    }
    for (const std::size_t i : group.runs) {
      runs_[i].group = state;
    }
  }
}

void CrossValidation::check(int sweep, const Actions& actions) {
  for (auto& [number, group] : groups_) {
    check(group, sweep, actions);
  }
}

void CrossValidation::check(Group& group, int sweep, const Actions& actions) {
  GroupState& state = group.state;
  if (state.num_nodes == 0 || !group.leader || !actions.is_checked(*group.leader)) {
    return;
  }
  const Run& first = runs_[*group.leader];
  Count right = state.right_of_ended;
  for (const std::size_t i : group.runs) {
    right += runs_[i].right;
  }
  first.result->trace.back().held_out =
      static_cast<double>(right) / static_cast<double>(state.num_nodes);
  if (!first.task->solver.early_stop) {
    return;
  }
  if (right > state.best_right) {
    state.best_right = right;
    state.best_sweep = sweep;
    state.checks_since = 0;
    for (const std::size_t i : group.runs) {
      if (runs_[i].running) {
        actions.keep_best(i);
      }
    }
  } else if (++state.checks_since >= kPatience) {
    for (const std::size_t i : group.runs) {
      actions.stop_at_best_sweep(i, state.best_sweep);
    }
  }
}

bool CrossValidation::is_at_work(std::size_t i) const {
  for (const auto& [number, group] : groups_) {
    if (std::find(group.runs.begin(), group.runs.end(), i) != group.runs.end()) {
      return std::any_of(group.runs.begin(), group.runs.end(),
                         [&](std::size_t other) { return runs_[other].running; });
    }
  }
  return false;
}

}  // namespace kith::propagate
