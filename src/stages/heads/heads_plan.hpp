/// What the stage heads takes.
#pragma once

#include "kith/run/plan.hpp"

namespace kith::stages {

/// Pure.
[[nodiscard]] run::StagePlan plan_heads(const run::PlanInput& in, const run::Rates& rates);

}  // namespace kith::stages
