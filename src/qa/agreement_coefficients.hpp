/// Coefficients of agreement from sums over items.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "kith/core/types.hpp"

namespace kith::qa {

/// The coefficients in one vector, those of the classes last; NaN where undefined.
enum Coefficient : std::size_t { mean_pair, fleiss, krippendorff, gwet, pabak, first_class };

/// What the coefficients expect by chance.
struct Chance {
  double fleiss = 0;        // agreement
  double gwet = 0;          // agreement
  double disagreement = 0;  // of two votes for different items
};

/// sums: see CoefficientTerms.
[[nodiscard]] Chance by_chance(std::span<const double> sums, int num_classes);

/// Indexed by Coefficient; NaN where undefined.
[[nodiscard]] std::vector<double> coefficients(std::span<const double> sums, int num_classes);

/// The coefficients that have an interval, the first ones.
[[nodiscard]] std::size_t num_intervals(int num_classes);

}  // namespace kith::qa
