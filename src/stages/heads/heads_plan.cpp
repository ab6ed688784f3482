// The plan of the stage that learns models on the vectors.
#include "stages/heads/heads_plan.hpp"

#include <cmath>

#include "stages/plan_sizes.hpp"

namespace kith::stages {

using namespace plan_constants;  // NOLINT(google-build-using-namespace)

namespace {

double rows_of_model(const run::PlanInput& in, const heads::Method& method) {
  return method.facts().keeps_rows ? Sizes{in}.taught() : static_cast<double>(in.classes);
}

}  // namespace

run::StagePlan plan_heads(const run::PlanInput& in, const run::Rates& rates) {
  const Sizes of{in};
  double heads = 0;
  double compared = 0;  // rows of models that an item is compared with, of all heads
  for (const ensemble::MemberConfig& member : in.members) {
    if (member.head != nullptr) {
      heads += 1;
      compared += rows_of_model(in, *member.head);
    }
  }
  run::StagePlan plan{"heads", 0, 1 << 12, 0, 0};
  const double row = of.row_bytes(kFloat);
  const double vectors =
      heads > 0 ? of.nodes * (of.row + kRequest) + kFetchBlocks * kFetchBlock : 0;
  const double models = compared * run::tasks_a_member(in) * of.dim * kFloat;
  const double training = kTrainingCopies * of.taught() * of.dim * kDouble;
  plan.memory_bytes = static_cast<Count>(graph_bytes(of) + vectors + models + training +
                                         (heads > 0 ? of.nodes * row : 0));
  plan.disk_bytes = static_cast<Count>(heads * of.items * row + models + of.held_out());
  plan.wire_bytes = static_cast<Count>(heads > 0 ? exchanged(of.items * of.row, of) : 0);
  const double flops = 2 * compared * of.items * of.dim;
  plan.seconds = flops / (rates.scan_flops * kPredictShare * of.ranks) +
                 (heads > 0 ? of.nodes * of.stored_row / rates.read_bytes : 0) +
                 std::ceil(heads / of.ranks) * learning_seconds(of.taught(), in, rates) +
                 wire_seconds(plan, of, rates);
  return with_common(plan, of, rates);
}

}  // namespace kith::stages
