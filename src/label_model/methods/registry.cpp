#include "label_model/methods/registry.hpp"

#include <algorithm>
#include <array>

namespace kith::label_model {

std::span<const Method* const> methods() {
  static const std::array kMethods{
      &majority(), &weighted_majority(), &one_coin(), &dawid_skene(), &mace(), &triplet(), &metal(),
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

}  // namespace kith::label_model
