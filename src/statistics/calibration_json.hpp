/// Are the probabilities what they say? Before and after calibration, on held-out seeds.
#pragma once

#include <span>

#include "kith/core/label_rows.hpp"
#include "kith/io/json.hpp"

namespace kith::statistics {

/// Loss, Brier score and calibration errors with the reliability tables behind them.
/// probabilities: truth.size() rows.
[[nodiscard]] io::Json calibration_json(const LabelRows<double>& probabilities,
                                        std::span<const Label> truth);

}  // namespace kith::statistics
