#include "kith/knn/pilot.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "kith/cells/probes.hpp"
#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/core/error.hpp"
#include "kith/core/memory.hpp"
#include "kith/core/parallel.hpp"
#include "kith/core/random.hpp"

#include "pilot_trials.hpp"

namespace kith::knn {
namespace {

constexpr std::array kProbeChoices{2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 48};
/// Of what the first round missed, the share that a later one misses at the least.
constexpr double kSecondRoundMisses = 0.8;
/// Standard errors: the target is missed in one of twenty runs at most.
constexpr double kMargin = 1.645;

/// Expected recall after so many rounds.
double recall_after(const Trial& trial, int rounds) {
  if (rounds == 0) {
    return trial.scan_recall;
  }
  const double before = 1 - trial.scan_recall;
  const double after = 1 - trial.recall;
  const double kept = before > 0 ? std::max(after / before, kSecondRoundMisses) : 1.0;
  return 1 - after * std::pow(kept, rounds - 1);
}

double error_after(const Trial& trial, int rounds) {
  return rounds == 0 ? trial.scan_error : trial.error;
}

double cost_of(const Trial& trial, int rounds) {
  // Later rounds look at new entries only, about half as many each time.
  const double distances = trial.round_cost * 2 * (1 - std::pow(0.5, rounds));
  return trial.scan_cost + distances + rounds * trial.look_cost;
}

/// Collective. The fewest probes with which so many rounds reach the goal, by bisection; the most
/// if none do.
int fewest_probes(Pilot& pilot, std::span<const int> choices, int rounds, double goal) {
  std::size_t low = 0;
  std::size_t high = choices.size() - 1;
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    const Trial& trial = pilot.at(choices[middle]);
    if (recall_after(trial, rounds) - kMargin * error_after(trial, rounds) >= goal) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return choices[low];
}

std::vector<int> probe_choices(const cells::Shard& shard, const EffortConfig& config) {
  const auto num_cells =
      static_cast<int>(std::min<Count>(shard.layout.num_cells(), std::numeric_limits<int>::max()));
  if (config.probes > 0) {
    return {std::min(config.probes, num_cells)};
  }
  std::vector<int> choices;
  std::copy_if(kProbeChoices.begin(), kProbeChoices.end(), std::back_inserter(choices),
               [&](int probes) { return probes < num_cells; });
  if (num_cells <= kProbeChoices.back()) {
    choices.push_back(num_cells);
  }
  return choices;
}

}  // namespace

void validate(const EffortConfig& config) {
  if (!(config.recall > 0 && config.recall <= 1)) {
    fail("knn.recall = {}, must be above 0 and at most 1", config.recall);
  }
  if (config.probes < 0) {
    fail("knn.probes = {}, must not be negative", config.probes);
  }
  if (config.refine_rounds < -1 || config.refine_rounds > 10) {
    fail("knn.refine_rounds = {}, must be in -1..10", config.refine_rounds);
  }
}

Effort choose_effort(const cells::Shard& shard, int k, const EffortConfig& config) {
  comm::locally(*shard.comm, [&] {
    validate(config);
    require_k(shard, k);
  });
  const std::vector<int> choices = probe_choices(shard, config);
  if (config.probes > 0 && config.refine_rounds >= 0) {
    Effort given;
    given.probes = choices.front();
    given.refine_rounds = config.refine_rounds;
    return given;
  }
  Pilot pilot{shard, k, config, choices.back()};
  const std::vector<int> rounds =
      config.refine_rounds >= 0 ? std::vector{config.refine_rounds} : std::vector{0, 1, 2, 3};
  std::optional<Effort> best;
  double best_cost = 0;
  for (const int num_rounds : rounds) {
    const int probes = fewest_probes(pilot, choices, num_rounds, config.recall);
    const Trial& trial = pilot.at(probes);
    Effort effort{probes,
                  num_rounds,
                  trial.scan_recall,
                  recall_after(trial, num_rounds),
                  error_after(trial, num_rounds),
                  true,
                  pilot.num_samples()};
    effort.reaches_goal = effort.recall - kMargin * effort.error >= config.recall;
    const double cost = cost_of(trial, num_rounds);
    const bool is_better =
        !best || (effort.reaches_goal != best->reaches_goal
                      ? effort.reaches_goal
                      : (effort.reaches_goal ? cost < best_cost : effort.recall > best->recall));
    if (is_better) {
      best = effort;
      best_cost = cost;
    }
  }
  return *best;
}

}  // namespace kith::knn
