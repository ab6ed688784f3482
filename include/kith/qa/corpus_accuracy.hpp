/// How often labels of the corpus are right, and from which confidence on, from labels that need
/// not be drawn at random. Nothing here communicates.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "kith/qa/class_shares.hpp"

namespace kith::qa {

struct AccuracyEstimate {
  std::optional<double> value;  // none: nothing was held out
  Interval interval;            // 95 %
};

/// Of labels drawn by class: sum_k share_k recall_k, a class without held-out items at the mean
/// recall; its variance from recalls and shares, as an interval of Wilson at the effective number
/// of items (E. Korn, B. Graubard, Survey Methodology 24, 1998). Of others: the share of right ones
/// among all labels, where those of a class that cannot be held out count as wrong: held out it
/// would be unknown. That interval is wider than binomial, by 1 + folds * 1 / (folds - 1) in the
/// variance for five folds (C. Nadeau, Y. Bengio, Machine Learning 52, 2003).
/// truth, is_right: of held-out items. never_held_out: labels beside them.
[[nodiscard]] AccuracyEstimate corpus_accuracy(std::span<const Label> truth,
                                               std::span<const std::uint8_t> is_right,
                                               Count never_held_out, const ClassShares& shares);

/// Weight of each held-out item for the corpus: share / items of its class; 1 where shares are not
/// pulled.
[[nodiscard]] std::vector<double> corpus_weights(std::span<const Label> truth,
                                                 const ClassShares& shares);

/// The lowest of the confidences, `wanted` or above, whose items from there on are right with a
/// share of at least `wanted`: the lower end of the one-sided 95 % interval of Wilson at their
/// effective number. none: under every one it is less, or there are too few items.
[[nodiscard]] std::optional<double> sure_threshold(std::span<const double> confidences,
                                                   std::span<const std::uint8_t> is_right,
                                                   std::span<const double> weights, double wanted);

}  // namespace kith::qa
