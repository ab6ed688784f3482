#include "kith/calibrate/minimize.hpp"

#include <lbfgs.h>

#include <algorithm>
#include <exception>
#include <memory>
#include <new>

#include "kith/core/error.hpp"
#include "kith/core/types.hpp"

namespace kith::calibrate {
namespace {

constexpr int kStepsBack = 5;
constexpr int kMemory = 10;

/// What the C callback needs.
struct Call {
  const SmoothLoss* loss;
  std::exception_ptr error;

  double at(std::span<const double> point, std::span<double> gradient) noexcept {
    if (!error) {
      try {
        return (*loss)(point, gradient);
      } catch (...) {
        error = std::current_exception();
      }
    }
    std::fill(gradient.begin(), gradient.end(), 0.0);  // ends the search
    return 0;
  }
};

}  // namespace

std::vector<double> minimize(const SmoothLoss& loss, const std::vector<double>& start,
                             const StopRule& stop) {
  lbfgs_parameter_t parameters;
  lbfgs_parameter_init(&parameters);
  parameters.m = kMemory;
  parameters.epsilon = stop.gradient;
  parameters.past = stop.decrease > 0 ? kStepsBack : 0;
  parameters.delta = stop.decrease;
  parameters.max_iterations = stop.max_iterations;
  const auto evaluate = [](void* instance, const double* at, double* gradient, int size,
                           double /*step*/) {
    const std::size_t length = to_size(size);
    return static_cast<Call*>(instance)->at({at, length}, {gradient, length});
  };
  const int size = narrow<int>(count_of(start), "parameters of a fit");
  // libLBFGS wants its own alignment.
  const std::unique_ptr<double, decltype(&lbfgs_free)> x{lbfgs_malloc(size), &lbfgs_free};
  if (x == nullptr) {
    throw std::bad_alloc{};
  }
  std::copy(start.begin(), start.end(), x.get());
  Call call{&loss, nullptr};
  const int status = lbfgs(size, x.get(), nullptr, evaluate, nullptr, &call, &parameters);
  if (call.error) {
    std::rethrow_exception(call.error);
  }
  if (status == LBFGSERR_OUTOFMEMORY) {
    throw std::bad_alloc{};
  }
  // Another status says that no step lowers the loss any more, or that steps ran out: x is the
  // best.
  return {x.get(), x.get() + size};
}

}  // namespace kith::calibrate
