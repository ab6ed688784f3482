// Where a smooth function is smallest.
#pragma once

#include <functional>
#include <span>
#include <vector>

namespace kith::heads {

/// The value at a point; writes the gradient there.
using Loss = std::function<double(std::span<const double> point, std::span<double> gradient)>;

struct StopRule {
  double gradient = 1e-5;  // its length relative to that of the point, if that is above 1
  double decrease = 1e-7;  // of the value over 5 steps, relative
  int max_iterations = 500;
};

/// L-BFGS of J. Nocedal (Math. Comp. 35, 1980) by libLBFGS, with the line search of More and
/// Thuente. What `loss` throws is thrown on.
[[nodiscard]] std::vector<double> minimize(const Loss& loss, const std::vector<double>& start,
                                           const StopRule& stop);

}  // namespace kith::heads
