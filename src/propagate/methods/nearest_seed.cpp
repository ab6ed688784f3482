// The nearest seeds by path length, which nearest_seeds.hpp finds: no sweeps, no plan but its
// limit.
#include <algorithm>

#include "propagate/methods/registry.hpp"
#include "propagate/plan.hpp"

namespace kith::propagate {
namespace {

class NearestSeed : public Method {
 public:
  NearestSeed()
      : Method{{.name = "nearest_seed",
                .citation = "the labels of the nearest seeds along the graph",
                .parameters = {{.name = "nearest",
                                .help = "seeds that an item takes its labels from",
                                .fallback = 3,
                                .range = {1, 64},
                                .is_whole = true}},
                .walk = Walk::shortest_paths,
                .has_truncated_form = true,
                .can_stop_early = false}} {}

  [[nodiscard]] Count num_columns(const SolverConfig& config, int /*num_classes*/) const override {
    return static_cast<Count>(config.parameters["nearest"]);
  }
  [[nodiscard]] double expected_sweeps(const SolverConfig& config) const override {
    constexpr double kUsual = 30;
    return std::min<double>(config.max_sweeps, kUsual);
  }

  [[nodiscard]] Plan plan(const Problem& problem) const override {
    Plan plan;
    plan.max_sweeps = problem.task.solver.max_sweeps;
    plan.seeds = SeedSources{};  // these are left out of class masses
    return plan;
  }
};

}  // namespace

const Method& nearest_seed() {
  static const NearestSeed kMethod;
  return kMethod;
}

}  // namespace kith::propagate
