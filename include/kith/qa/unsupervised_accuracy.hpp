/// Estimates of accuracy that need no true labels of the corpus. Each holds under an assumption
/// that cannot be seen from the votes: show it, and show an audit beside it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kith/core/label_rows.hpp"
#include "kith/label_model/vote_patterns.hpp"

namespace kith::qa {

/// An accuracy, or why there is none.
struct AssumedAccuracy {
  std::optional<double> value;
  std::string reason;
  int triples = 0;  // estimates that the value is the median of
};

/// Every voter's accuracy from agreements alone. Assumes that errors are independent given the
/// class, that a voter errs alike in every class and spreads its errors evenly, and that most
/// voters are better than chance. With t_ij = (K A_ij - 1) / (K - 1) = s_i s_j and s = (K p - 1) /
/// (K - 1): the median over pairs (i, j) of s_m = sqrt(t_mi t_mj / t_ij). Pairs whose t_ij is
/// within three standard errors of 0, and triples with a negative radicand, are left out; a voter
/// that agrees with the others less than chance gets the negative root. Source: E. Platanios, A.
/// Blum, T. Mitchell, UAI 2014, section 2; D. Fu et al., "Fast and three-rious: speeding up weak
/// supervision with triplet methods", ICML 2020.
[[nodiscard]] std::vector<AssumedAccuracy> triplet_accuracies(
    const label_model::PatternCounts& patterns);

/// By how much the share of pairs of votes that differ can be off as an estimate of the voters'
/// mean error (Y. Jiang et al., "Assessing generalization of SGD via disagreement", ICLR 2022; A.
/// Kirsch, Y. Gal, TMLR 2022): sum over bins b of |items with truth k and p_k in b, summed over k,
/// - sum of p_k in b| / items. Bins are equal in width. probabilities: truth.size() rows. 0 without
/// items.
[[nodiscard]] double class_aggregated_calibration_error(const LabelRows<double>& probabilities,
                                                        std::span<const Label> truth,
                                                        int num_bins = 15);

/// The confidence below which as many held-out items lie as are wrong. The share of the corpus at
/// or above it is the corpus' estimated accuracy, assuming that confidence orders both alike
/// (S. Garg et al., "Leveraging unlabeled data to predict out-of-distribution performance", ICLR
/// 2022). Equal confidences go to the side that brings the shares closer. No items: none.
[[nodiscard]] std::optional<double> thresholded_confidence(std::span<const double> confidences,
                                                           std::span<const std::uint8_t> is_right);

/// Held-out accuracy moved by the difference of mean confidences, in [0, 1]. Assumes that
/// confidence is off by the same amount on both (D. Guillory et al., "Predicting with confidence on
/// unseen distributions", ICCV 2021).
[[nodiscard]] double difference_of_confidences(double held_out_accuracy, double held_out_confidence,
                                               double corpus_confidence);

}  // namespace kith::qa
