#include "kith/propagate/task.hpp"

#include "kith/core/error.hpp"

namespace kith::propagate {

Parameters::Parameters() {
  for (const Parameter& parameter : all_parameters()) {
    values_[parameter.name] = parameter.fallback;
  }
}

double& Parameters::operator[](std::string_view name) {
  const auto found = values_.find(name);
  if (found == values_.end()) {
    fail("no method has a parameter {}", name);
  }
  return found->second;
}

double Parameters::operator[](std::string_view name) const {
  const auto found = values_.find(name);
  if (found == values_.end()) {
    fail("no method has a parameter {}", name);
  }
  return found->second;
}

void validate(const SolverConfig& config, const std::string& where) {
  const Method& method = *config.method;
  if (config.max_sweeps < 1 || config.max_sweeps > 100000) {
    fail("{}.max_sweeps = {}, must be in 1..100000", where, config.max_sweeps);
  }
  if (!(config.tolerance > 0 && config.tolerance < 1)) {
    fail("{}.tolerance = {}, must be above 0 and below 1", where, config.tolerance);
  }
  for (const Parameter& parameter : all_parameters()) {
    const double value = config.parameters[parameter.name];
    if (!parameter.allows(value)) {
      fail("{}.{} = {}, must be {}{}{}", where, parameter.name, value,
           parameter.range.or_zero ? "" : "in ", parameter.range.text(),
           parameter.is_whole ? ", a whole number" : "");
    }
    if (value != parameter.fallback && !method.takes(parameter.name)) {
      fail("{}.{} = {}, which {} does not take", where, parameter.name, value, method.name());
    }
  }
  if (!method.has(config.solver)) {
    fail("{}.solver = {}, which cannot solve {}: use sweeps", where, to_string(config.solver),
         method.name());
  }
  if (config.early_stop && (config.solver != Solver::sweeps || !method.facts().can_stop_early)) {
    fail("{}.early_stop = yes, but this member is only right at its end", where);
  }
}

const char* to_string(StopReason reason) {
  switch (reason) {
    case StopReason::settled:
      return "settled";
    case StopReason::mixed:
      return "mixed";
    case StopReason::limit:
      return "limit";
    case StopReason::no_seed:
      return "no_seed";
    case StopReason::finished:
      return "finished";
    case StopReason::held_out:
      return "held_out";
  }
  return "";
}

const char* to_string(Solver solver) {
  switch (solver) {
    case Solver::sweeps:
      return "sweeps";
    case Solver::chebyshev:
      return "chebyshev";
    case Solver::conjugate_gradient:
      return "conjugate_gradient";
  }
  return "";
}

}  // namespace kith::propagate
