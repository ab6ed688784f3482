#include "label_model/methods/registry.hpp"

#include <array>

#include "kith/core/registry.hpp"

namespace kith::label_model {

std::span<const Method* const> methods() {
  static const std::array kMethods{
      &majority(), &weighted_majority(), &one_coin(), &dawid_skene(), &mace(), &triplet(), &metal(),
  };
  return kMethods;
}

const Method* find_method(std::string_view name) {
  return find_by_name(methods(), name);
}

std::vector<Parameter> all_parameters() {
  return parameters_of(methods());
}

}  // namespace kith::label_model
