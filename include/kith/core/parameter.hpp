/// A number that a method takes: configuration, help and validation follow from it.
#pragma once

#include <cmath>
#include <string>

#include "kith/core/numbers.hpp"

namespace kith {

/// Methods may share one; it then has the same default and range.
struct Parameter {
  std::string name;
  std::string help;
  double fallback = 0;
  NumberRange<double> range{0, 1};
  bool is_whole = false;

  [[nodiscard]] bool allows(double value) const {
    return range.contains(value) && (!is_whole || value == std::floor(value));
  }
};

}  // namespace kith
