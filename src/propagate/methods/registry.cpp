#include "propagate/methods/registry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "kith/core/error.hpp"
#include "kith/core/registry.hpp"
#include "kith/propagate/task.hpp"

namespace kith::propagate {

Parameter alpha_parameter() {
  return {.name = "alpha",
          .help = "share that comes from the neighbors",
          .fallback = 0.99,
          .range = kOpenShare};
}

Parameter smoothing_parameter() {
  return {.name = "smoothing",
          .help = "share that comes from the neighbors when labels are smoothed",
          .fallback = 0.8,
          .range = kOpenShare};
}

std::span<const Method* const> methods() {
  static const std::array kMethods{
      &harmonic(), &spreading(),      &poisson(),      &walk(),           &adsorption(),
      &wnll(),     &poisson_volume(), &nearest_seed(), &correct_smooth(), &smooth(),
  };
  return kMethods;
}

const Method* find_method(std::string_view name) {
  return find_by_name(methods(), name);
}

const Method& method(std::string_view name) {
  const Method* found = find_method(name);
  if (found == nullptr) {
    fail("no method is called {}", name);
  }
  return *found;
}

std::string method_names(bool (*fits)(const MethodFacts&)) {
  std::vector<std::string> names;
  for (const Method* method : methods()) {
    if (fits(method->facts())) {
      names.push_back(method->name());
    }
  }
  if (names.size() < 2) {
    return names.empty() ? "none" : names.front();
  }
  const std::string last = names.back();
  names.pop_back();
  return fmt::format("{} or {}", fmt::join(names, ", "), last);
}

std::vector<Parameter> all_parameters() {
  return parameters_of(methods());
}

bool Method::has(Solver solver) const {
  return std::find(facts_.solvers.begin(), facts_.solvers.end(), solver) != facts_.solvers.end();
}

bool Method::takes(std::string_view parameter) const {
  return std::any_of(facts_.parameters.begin(), facts_.parameters.end(),
                     [&](const Parameter& known) { return known.name == parameter; });
}

Count Method::num_columns(const SolverConfig& /*config*/, int num_classes) const {
  return num_classes;
}

double Method::expected_sweeps(const SolverConfig& config) const {
  constexpr double kGradientSteps = 130;
  return config.solver == Solver::conjugate_gradient
             ? std::min<double>(config.max_sweeps, kGradientSteps)
             : config.max_sweeps;
}

}  // namespace kith::propagate
