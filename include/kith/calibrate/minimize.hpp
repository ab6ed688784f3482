/// A smooth function's smallest value.
#pragma once

#include <functional>
#include <span>
#include <vector>

namespace kith::calibrate {

/// Value at a point; writes the gradient there. Must not throw: it is called from C.
using SmoothLoss = std::function<double(std::span<const double>, std::span<double>)>;

/// From `start` on, where the loss is smallest, by libLBFGS on one thread: L-BFGS of J. Nocedal
/// (Math. Comp. 35, 1980) with the line search of More and Thuente. At most 300 steps.
[[nodiscard]] std::vector<double> minimize(const SmoothLoss& loss,
                                           const std::vector<double>& start);

}  // namespace kith::calibrate
