/// Where in the corpus the labels are worse than elsewhere. Nothing here communicates.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "kith/core/types.hpp"
#include "kith/qa/intervals.hpp"

namespace kith::qa {

/// A group of items, and what an audit found there.
struct SliceAudit {
  Count items = 0;
  Count audited = 0;
  Count wrong = 0;
};

struct SliceFinding {
  Count items = 0;
  Proportion error;                // of the audited items, Wilson
  std::optional<double> shrunken;  // empirical Bayes: between the slice's rate and the overall one
  std::optional<double> lift;      // error / error of all audited items
  std::optional<double> p_value;   // of being worse than the other slices together, one-sided
  std::optional<double> q_value;   // the same, adjusted for the number of slices
  bool is_worse = false;           // q_value <= the false discovery rate
};

/// Every slice against all others together by Fisher's exact test (above a million audited items by
/// its normal limit); q-values as Benjamini
/// and Hochberg's, all slices and not the worst one only. Shrunken rates: beta-binomial prior by
/// moments (J. Kleinman, JASA 68, 1973).
[[nodiscard]] std::vector<SliceFinding> compare_slices(std::span<const SliceAudit> slices,
                                                       double false_discovery_rate = 0.05);

/// The smallest false discovery rate at which each hypothesis would be rejected (Y. Benjamini, Y.
/// Hochberg, J. Royal Stat. Soc. B 57, 1995).
[[nodiscard]] std::vector<double> benjamini_hochberg(std::span<const double> p_values);

}  // namespace kith::qa
