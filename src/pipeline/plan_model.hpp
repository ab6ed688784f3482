/// Memory, disk, wire and time of each stage. Pure.
#pragma once

#include "kith/pipeline/plan.hpp"

namespace kith::pipeline {

[[nodiscard]] StagePlan plan_check(const PlanInput& in, const Rates& rates);
[[nodiscard]] StagePlan plan_cells(const PlanInput& in, const Rates& rates);
[[nodiscard]] StagePlan plan_knn(const PlanInput& in, const Rates& rates);
[[nodiscard]] StagePlan plan_graph(const PlanInput& in, const Rates& rates);
[[nodiscard]] StagePlan plan_propagate(const PlanInput& in, const Rates& rates);
[[nodiscard]] StagePlan plan_ensemble(const PlanInput& in, const Rates& rates);
[[nodiscard]] StagePlan plan_qa(const PlanInput& in, const Rates& rates);

}  // namespace kith::pipeline
