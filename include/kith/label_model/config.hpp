/// What is told of label models.
#pragma once

#include <map>
#include <string>

#include "kith/label_model/method.hpp"

namespace kith::label_model {

/// Every parameter of any label model at its fallback.
[[nodiscard]] inline std::map<std::string, double> default_parameters() {
  std::map<std::string, double> values;
  for (const Parameter& parameter : all_parameters()) {
    values[parameter.name] = parameter.fallback;
  }
  return values;
}

struct VotesConfig {
  const Method* method = nullptr;  // null: as choose_method() says
  bool informative_abstention = false;
  std::map<std::string, double> parameters = default_parameters();
  Count weak_seeds = 20'000;  // at most so many items teach by their votes; 0 = none
  double weak_weight = 0;     // of a weak seed beside a seed; 0 = as held-out seeds say

  [[nodiscard]] FitOptions fit_options() const {
    FitOptions options;
    options.parameters = parameters;
    options.informative_abstention = informative_abstention;
    return options;
  }
};

}  // namespace kith::label_model
