// The plan of the stage that learns models on the vectors.
#include "stages/heads/heads_plan.hpp"

#include <algorithm>

#include "stages/plan_sizes.hpp"

namespace kith::stages {

using namespace plan_constants;  // NOLINT(google-build-using-namespace)

run::StagePlan plan_heads(const run::PlanInput& in, const run::Rates& rates) {
  const Sizes of{in};
  const auto heads = static_cast<double>(
      std::count_if(in.members.begin(), in.members.end(),
                    [](const ensemble::MemberConfig& member) { return member.head != nullptr; }));
  run::StagePlan plan{"heads", 0, 1 << 12, 0, 0};
  const double row = of.row_bytes(kFloat);
  const double vectors =
      heads > 0 ? of.nodes * (of.row + kRequest) + kFetchBlocks * kFetchBlock : 0;
  const double models = heads * run::tasks_a_member(in) * in.classes * of.dim * kFloat;
  const double training = kTrainingCopies * (of.seeds + of.weak_seeds) * of.dim * kDouble;
  plan.memory_bytes = static_cast<Count>(graph_bytes(of) + vectors + models + training +
                                         (heads > 0 ? of.nodes * row : 0));
  plan.disk_bytes = static_cast<Count>(heads * of.items * row + models + of.held_out());
  plan.wire_bytes = static_cast<Count>(heads > 0 ? exchanged(of.items * of.row, of) : 0);
  const double flops = 2 * heads * of.items * of.dim * in.classes;
  plan.seconds = flops / (rates.scan_flops * kPredictShare * of.ranks) +
                 (heads > 0 ? of.nodes * of.stored_row / rates.read_bytes : 0) +
                 heads * kLearnHead_s + wire_seconds(plan, of, rates);
  return with_common(plan, of, rates);
}

}  // namespace kith::stages
