#include "heads/methods/registry.hpp"

#include <algorithm>
#include <array>

namespace kith::heads {

std::span<const Method* const> methods() {
  static const std::array kMethods{
      &softmax_regression(),
      &lda(),
      &prototypes(),
      &nearest_seed_vectors(),
  };
  return kMethods;
}

const Method* find_method(std::string_view name) {
  const auto found = std::find_if(methods().begin(), methods().end(),
                                  [&](const Method* method) { return method->name() == name; });
  return found == methods().end() ? nullptr : *found;
}

std::vector<Parameter> all_parameters() {
  std::vector<Parameter> parameters;
  for (const Method* method : methods()) {
    const auto& own = method->facts().parameters;
    parameters.insert(parameters.end(), own.begin(), own.end());
  }
  return parameters;
}

}  // namespace kith::heads
