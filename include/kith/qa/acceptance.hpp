/// How many labels may be used without a look, and from which confidence on. Nothing here
/// communicates.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kith/core/types.hpp"
#include "kith/qa/audit.hpp"

namespace kith::qa {

/// What values of qa.accept_errors are legal, for help and messages.
[[nodiscard]] std::string errors_range();

/// "0.01, 0.05" as numbers, ascending. Throws Error with one sentence.
[[nodiscard]] std::vector<double> parse_errors(const std::string& text);

/// Fewest items that must be inspected, with at most `failures` wrong ones among them, to accept
/// "the error is at most max_error" with risk delta of being mistaken: the smallest n with
/// P(Binomial(n, max_error) <= failures) <= delta, or 2^50 if it is more. max_error and delta in
/// (0, 1).
[[nodiscard]] Count acceptance_items(double max_error, double delta, Count failures = 0);

/// A threshold of the confidence from which a class' labels are used as they are.
struct AcceptThreshold {
  std::optional<double> threshold;  // none: no threshold passes
  Count audited = 0;                // items at or above it; without one: at the first that failed
  Count wrong = 0;
  double error_bound = 1;  // upper bound of their error, holds with probability 1 - delta
  double share = 0;        // of the class' items, estimated from the audit's weights
};

/// The lowest threshold whose accepted items have an error of at most max_error, with probability
/// 1 - delta over the audit. Thresholds are tested from the strictest down and testing stops at the
/// first whose upper bound is above max_error (fixed-sequence testing, as in A. Angelopoulos et
/// al., "Learn then test", 2021; the setting: H. Vishwakarma et al., "Promises and pitfalls of
/// threshold-based auto-labeling", NeurIPS 2023). Bounds: Clopper-Pearson, one-sided; at the
/// effective sample size if inclusion probabilities differ.
///
/// Any sequence keeps the promise that does not look at the labels; this one was chosen for its
/// chance to find something. It begins where two wrong items can be borne, or fewer if that took
/// more than a quarter of the items: a sequence that begins where a single wrong item ends it often
/// accepts nothing. It goes on where one more can be borne each time, as tests in between could
/// only fail.
///
/// audited: of one class, and used for nothing else before. For a guarantee over K classes give
/// delta / K. Cost O(n log n), with unequal inclusion O(n tests).
[[nodiscard]] AcceptThreshold find_accept_threshold(std::span<const AuditedItem> audited,
                                                    double max_error, double delta);

/// How many items have a confidence.
struct ConfidenceCount {
  double confidence = 0;
  Count items = 0;
};
/// How many labels must be known, drawn like the items, for a threshold to pass with a chance of
/// 80 %, if errors are what the confidences say: the fewest over all thresholds, by the normal
/// approximation of both binomials (J. Fleiss, "Statistical methods for rates and proportions",
/// 1981, section 2.2). none: under every threshold the expected errors are too many.
[[nodiscard]] std::optional<Count> labels_to_accept(std::span<const ConfidenceCount> surest_first,
                                                    double max_error, double delta);

/// The items with a confidence of at least `threshold`.
struct RiskPoint {
  double threshold = 0;
  double coverage = 0;  // their share
  double risk = 0;      // their error
  Interval interval;    // Wilson at the effective sample size
};
struct RiskCoverage {
  std::vector<RiskPoint> points;  // one a distinct confidence, highest first
  double aurc = 0;                // mean risk over coverage
  double excess = 0;              // above that of the best order of the same items
};
/// Y. Geifman, R. El-Yaniv, "Selective classification for deep neural networks", NIPS 2017; excess:
/// Y. Geifman et al., ICLR 2019. Weights 1 / inclusion.
[[nodiscard]] RiskCoverage risk_coverage(std::span<const AuditedItem> audited);

}  // namespace kith::qa
