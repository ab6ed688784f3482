/// A pool of several opinions on the same items whose weights are learned. Nothing here
/// communicates: the items are few and on every rank.
#pragma once

#include <span>
#include <vector>

#include "kith/core/types.hpp"

namespace kith::qa {

/// log p = sum_m weights[m] log p_m + shifts, normalized: the logarithmic opinion pool (C. Genest,
/// J. Zidek, Statistical Science 1, 1986, section 3), as a stacked generalization (D. Wolpert,
/// Neural Networks 5, 1992) with weights that are not negative.
struct LogPool {
  std::vector<double> weights;  // one a member
  std::vector<double> shifts;   // one a class
};

/// Log probabilities of every member on every item of a known label: members x items x classes.
struct PoolItems {
  std::span<const double> logs;
  std::span<const Label> truth;
  std::size_t num_classes = 0;

  [[nodiscard]] std::size_t num_members() const {
    return truth.empty() ? 0 : logs.size() / (truth.size() * num_classes);
  }
};

/// Minimizes the negative log likelihood plus 15 |weights - defaults|^2 + 2 |shifts|^2: with few
/// items the pool stays where it was, and each item counts. Without items: the defaults, which must
/// be above 0. The logs must not come from members that learned from their item's label.
[[nodiscard]] LogPool fit_log_pool(const PoolItems& items, std::span<const double> defaults);

}  // namespace kith::qa
