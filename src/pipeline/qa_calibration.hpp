/// Are the probabilities what they say? Before and after calibration, on held-out seeds.
#pragma once

#include <span>

#include "pipeline/workspace.hpp"

namespace kith::pipeline {

/// Loss, Brier score and calibration errors with the reliability tables behind them.
/// probabilities: truth.size() rows.
[[nodiscard]] io::Json calibration_json(const LabelRows<double>& probabilities,
                                        std::span<const Label> truth);

}  // namespace kith::pipeline
