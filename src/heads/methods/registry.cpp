#include "heads/methods/registry.hpp"

#include <array>

#include "kith/core/registry.hpp"

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
  return find_by_name(methods(), name);
}

std::vector<Parameter> all_parameters() {
  return parameters_of(methods());
}

}  // namespace kith::heads
