#include "kith/calibrate/minimize.hpp"

#include <lbfgs.h>

#include <algorithm>
#include <memory>
#include <new>

#include "kith/core/error.hpp"
#include "kith/core/types.hpp"

namespace kith::calibrate {
namespace {

constexpr int kMaxIterations = 300;
constexpr int kMemory = 10;
constexpr double kSmallGradient = 1e-9;

}  // namespace

std::vector<double> minimize(const SmoothLoss& loss, const std::vector<double>& start) {
  lbfgs_parameter_t parameters;
  lbfgs_parameter_init(&parameters);
  parameters.m = kMemory;
  parameters.epsilon = kSmallGradient;
  parameters.max_iterations = kMaxIterations;
  const auto evaluate = [](void* instance, const double* at, double* gradient, int size,
                           double /*step*/) {
    const std::size_t length = to_size(size);
    return (*static_cast<const SmoothLoss*>(instance))({at, length}, {gradient, length});
  };
  const int size = narrow<int>(count_of(start), "parameters of a calibration");
  // libLBFGS wants its own alignment.
  const std::unique_ptr<double, decltype(&lbfgs_free)> x{lbfgs_malloc(size), &lbfgs_free};
  if (x == nullptr) {
    throw std::bad_alloc{};
  }
  std::copy(start.begin(), start.end(), x.get());
  SmoothLoss instance = loss;
  const int status = lbfgs(size, x.get(), nullptr, evaluate, nullptr, &instance, &parameters);
  if (status == LBFGSERR_OUTOFMEMORY) {
    throw std::bad_alloc{};
  }
  // Another status says that no step lowers the loss any more, or that steps ran out: x is the
  // best.
  return {x.get(), x.get() + size};
}

}  // namespace kith::calibrate
