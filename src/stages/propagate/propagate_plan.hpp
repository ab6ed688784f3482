/// What the stage propagate takes.
#pragma once

#include "kith/run/plan.hpp"

namespace kith::stages {

/// Pure. Engines keep label state of their tasks' columns, one after another; results stay.
[[nodiscard]] run::StagePlan plan_propagate(const run::PlanInput& in, const run::Rates& rates);

}  // namespace kith::stages
