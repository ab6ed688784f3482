/// Vector scaling. Fit it on items whose label is known and was not learned from; measure it on
/// others.
#pragma once

#include <span>
#include <vector>

#include "kith/core/types.hpp"

namespace kith::calibrate {

/// softmax(scale * logits + shift), class by class (C. Guo et al., ICML 2017, section 4.2).
struct VectorScaling {
  std::vector<double> scale;
  std::vector<double> shift;

  /// logits: K; writes K probabilities.
  void apply(std::span<const double> logits, std::span<double> probabilities) const;
};

/// Minimizes the mean negative log likelihood plus ridge / items * sum((scale - 1)^2 + shift^2) / 2
/// by L-BFGS; convex, so the start does not matter. logits: truth.size() x num_classes. The
/// identity without items.
[[nodiscard]] VectorScaling fit_vector_scaling(std::span<const double> logits,
                                               std::span<const Label> truth, int num_classes,
                                               double ridge = 1);

}  // namespace kith::calibrate
