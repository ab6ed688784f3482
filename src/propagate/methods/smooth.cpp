// Smoothing of a voter's probabilities: the second step of Correct and Smooth (Q. Huang, H. He, A.
// Singh, S. Lim, A. Benson, "Combining label propagation and simple models out-performs graph
// neural networks", ICLR 2021, section 2.3) with the seeds clamped. Z: the voter's probabilities,
// Y: the seeds, S = D^-1/2 W D^-1/2.
//
//   G <- (1 - beta) Z + beta S G, G = Y on seeds
//
// As in spreading.cpp the state is D^-1/2 G.
#include "propagate/methods/registry.hpp"
#include "propagate/plan.hpp"

namespace kith::propagate {
namespace {

class Smooth : public Method {
 public:
  Smooth()
      : Method{{.name = "smooth",
                .citation = "smoothing of a voter's probabilities (Huang et al. 2021)",
                .parameters = {smoothing_parameter()},
                .takes_voter = true,
                .needs_no_seeds = true}} {}

  [[nodiscard]] Plan plan(const Problem& problem) const override {
    const graph::Graph& graph = problem.graph;
    const SolverConfig& config = problem.task.solver;
    const double beta = config.parameters["smoothing"];
    Plan plan;
    plan.max_sweeps = config.max_sweeps;
    plan.decay = static_cast<float>(beta);
    plan.clamps = true;
    plan.seeds = {.is_normalized = true,
                  .scale = [&graph](LocalId row) { return 1 / root_degree(graph, row); }};
    plan.finish_row = [&graph, base = problem.task.base, beta](
                          LocalId row, std::span<const float> /*before*/, std::span<float> now) {
      const auto share = static_cast<float>((1 - beta) / root_degree(graph, row));
      const float* voter = base.data() + to_size(row) * now.size();
      for (std::size_t label = 0; label < now.size(); ++label) {
        now[label] += share * voter[label];
      }
    };
    return plan;
  }
};

}  // namespace

const Method& smooth() {
  static const Smooth kMethod;
  return kMethod;
}

}  // namespace kith::propagate
