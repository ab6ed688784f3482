/// What registries of methods have in common: a method has a name() and facts() with parameters.
#pragma once

#include <algorithm>
#include <span>
#include <string_view>
#include <vector>

#include "kith/core/parameter.hpp"

namespace kith {

/// nullptr: there is none of that name.
template <class Method>
[[nodiscard]] const Method* find_by_name(std::span<const Method* const> methods,
                                         std::string_view name) {
  const auto found = std::find_if(methods.begin(), methods.end(),
                                  [&](const Method* method) { return method->name() == name; });
  return found == methods.end() ? nullptr : *found;
}

/// Each parameter of any method once, in the order of the methods.
template <class Method>
[[nodiscard]] std::vector<Parameter> parameters_of(std::span<const Method* const> methods) {
  std::vector<Parameter> parameters;
  for (const Method* method : methods) {
    for (const Parameter& parameter : method->facts().parameters) {
      const bool is_known =
          std::any_of(parameters.begin(), parameters.end(),
                      [&](const Parameter& known) { return known.name == parameter.name; });
      if (!is_known) {
        parameters.push_back(parameter);
      }
    }
  }
  return parameters;
}

}  // namespace kith
