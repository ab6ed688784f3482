/// A smooth function's smallest value.
#pragma once

#include <functional>
#include <span>
#include <vector>

namespace kith::calibrate {

/// Value at a point; writes the gradient there.
using SmoothLoss = std::function<double(std::span<const double>, std::span<double>)>;

struct StopRule {
  double gradient = 1e-9;  // its length relative to that of the point, if that is above 1
  double decrease = 0;     // of the value over 5 steps, relative; 0 = not looked at
  int max_iterations = 300;
};

/// From `start` on, where the loss is smallest, by libLBFGS on one thread: L-BFGS of J. Nocedal
/// (Math. Comp. 35, 1980) with the line search of More and Thuente. What `loss` throws is thrown
/// on.
[[nodiscard]] std::vector<double> minimize(const SmoothLoss& loss, const std::vector<double>& start,
                                           const StopRule& stop = {});

}  // namespace kith::calibrate
