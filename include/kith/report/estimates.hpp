/// Values with their intervals, as report.json has them everywhere.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kith/core/types.hpp"

namespace kith::report {

/// A share in [0, 1] with the bounds of its 95 % interval; without a value: nothing was known.
struct Share {
  std::optional<double> value;
  double low = 0;
  double high = 1;
};

/// A share that was counted.
struct Proportion : Share {
  Count successes = 0;
  Count trials = 0;
};

/// A coefficient of agreement; reason: why it has no value.
struct Coefficient {
  std::optional<double> value;
  std::optional<double> low;
  std::optional<double> high;
  Count items = 0;
  std::string reason;
};

/// edges: one more than counts.
struct Histogram {
  std::vector<double> edges;
  std::vector<double> counts;
};

/// A key of a JSON object with its value, where the keys are data.
template <class T>
struct Named {
  std::string name;
  T value;
};

}  // namespace kith::report
