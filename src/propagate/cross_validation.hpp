/// Held-out accuracy of tasks that differ in their held-out seeds only, and their early stop.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "propagate/pass.hpp"

namespace kith::propagate {

/// The cross-validation groups of one pass.
class CrossValidation {
 public:
  /// runs: those of the pass, which it keeps alive and may change.
  explicit CrossValidation(std::span<Run> runs);

  /// What a snapshot needs: brings the groups' states up to date in their runs. is_live: whether
  /// run i is still needed.
  void write_states(const std::function<bool(std::size_t)>& is_live);

  /// What the pass does for a group.
  struct Actions {
    std::function<bool(std::size_t)> is_checked;               // was run i checked at this sweep
    std::function<void(std::size_t)> keep_best;                // collective: run i's scores now
    std::function<void(std::size_t, int)> stop_at_best_sweep;  // run i ends at that sweep
  };
  /// Collective, after a check.
  void check(int sweep, const Actions& actions);

  /// Whether run i has a group here of which any run is at work.
  [[nodiscard]] bool is_at_work(std::size_t i) const;

 private:
  struct Group {
    std::vector<std::size_t> runs;
    std::optional<std::size_t> leader;  // its first run, if it has not ended before this pass
    GroupState state;
  };

  void check(Group& group, int sweep, const Actions& actions);

  std::span<Run> runs_;
  std::map<int, Group> groups_;
};

}  // namespace kith::propagate
