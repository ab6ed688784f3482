/// Temperature scaling. Fit it on items whose label is known and was not learned from.
#pragma once

#include <span>

#include "kith/core/label_rows.hpp"

namespace kith::calibrate {

/// The temperature in [0.05, 20] times `neutral` that minimizes the negative log likelihood of
/// softmax(logits / T) plus log(T / neutral)^2 / 2, by golden section in log T (C. Guo et al., "On
/// calibration of modern neural networks", ICML 2017, section 4.2). logits: truth.size() rows.
/// neutral: what holds if there are no items.
[[nodiscard]] double fit_temperature(const LabelRows<double>& logits, std::span<const Label> truth,
                                     double neutral = 1);

}  // namespace kith::calibrate
