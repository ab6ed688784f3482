/// Isotonic calibration. Fit it on items whose label is known and was not learned from; measure it
/// on others.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kith/core/types.hpp"

namespace kith::calibrate {

/// A map that never decreases: linear between its points, constant outside.
struct MonotoneMap {
  std::vector<double> x;  // ascending
  std::vector<double> y;

  [[nodiscard]] double operator()(double score) const;
};

/// Least squares among all such maps, by pooling adjacent violators (B. Zadrozny, C. Elkan,
/// "Transforming classifier scores into accurate multiclass probability estimates", KDD 2002).
/// Cost O(n log n). Without items: the identity on [0, 1].
[[nodiscard]] MonotoneMap fit_isotonic(std::span<const double> scores,
                                       std::span<const std::uint8_t> is_positive);

/// One map a class, one against the rest; rows are scaled back to a sum of 1 (uniform if all are
/// 0).
struct IsotonicCalibration {
  std::vector<MonotoneMap> classes;

  void apply(std::span<const double> row, std::span<double> probabilities) const;
};
/// probabilities: truth.size() x num_classes.
[[nodiscard]] IsotonicCalibration fit_isotonic_classes(std::span<const double> probabilities,
                                                       std::span<const Label> truth,
                                                       int num_classes);

}  // namespace kith::calibrate
