/// Every method as its paper has it, dense, serial, in double precision.
#pragma once

#include "propagate/made_graph.hpp"

namespace kith::propagate::test {

/// Scores of all nodes x classes after so many sweeps.
[[nodiscard]] Matrix reference(const Matrix& w, const Task& task, int sweeps,
                               const Matrix& base = {});

}  // namespace kith::propagate::test
