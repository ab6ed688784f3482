/// Which share of the corpus each class has, from labels that were not all drawn at random. Nothing
/// here communicates: labels and a sample of the corpus are on every rank.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kith/core/types.hpp"
#include "kith/qa/intervals.hpp"

namespace kith::qa {

/// How the items were chosen whose labels are known.
enum class SeedDesign {
  unknown,
  random,    // each item of the corpus alike
  by_class,  // so many of each class, whatever its share
};
[[nodiscard]] const char* to_string(SeedDesign design);

/// Where class shares come from.
enum class ShareOrigin {
  estimated,  // by one of the functions below
  of_labels,  // taken to be those of the labels
  given,      // by the user
};
[[nodiscard]] const char* to_string(ShareOrigin origin);

/// Are counts of labels too even for random draws? So if they differ from equal counts less than
/// one in twenty random draws from equal classes does (chi-squared), or if the largest count is
/// that of half of the classes, three at least: the others had no more. counts: one a class.
[[nodiscard]] SeedDesign guess_design(std::span<const Count> counts);

/// What shares are estimated from. Probabilities are of models that learned from labels with the
/// shares `source`, rows of classes; of the labeled items by models that had not seen the item.
struct ShareInputs {
  std::size_t num_classes = 0;
  std::span<const double> corpus;    // a sample without the labeled items
  Count corpus_items = 0;            // that it stands for
  std::span<const double> held_out;  // truth.size() rows
  std::span<const Label> truth;
  std::vector<double> source;          // of each class among all labels, sum 1
  std::span<const float> corpus_sure;  // of each item of the sample: how sure the models are
  std::span<const double> held_out_sure;
  std::uint64_t seed = 1;  // of resampling
};

struct ClassShares {
  SeedDesign design = SeedDesign::unknown;
  ShareOrigin origin = ShareOrigin::estimated;
  bool is_known = false;  // else `shares` are those of the labels
  std::vector<double> shares;
  std::vector<double> deviations;  // standard errors
  std::vector<double> covariance;  // classes x classes; empty where they are certain, or at random
  std::vector<double> confusion;   // shares by the confusion of the held-out items; empty if it
                                   // cannot be inverted, or if labels were drawn at random

  [[nodiscard]] Interval interval(std::size_t label) const;
};

/// Shares by expectation maximization (M. Saerens, P. Latinne, C. Decaestecker, Neural Computation
/// 14, 2002, eq. 2.9) under a Dirichlet prior of `strength` times the items around `centre`, as in
/// C. Ye et al., "Label shift estimation for class-imbalance problem: a Bayesian approach" (WACV
/// 2024): without it shares collapse onto a few classes. From the centre to a fixed point or 300
/// steps. probabilities: rows under the shares `source`.
[[nodiscard]] std::vector<double> shares_by_maximum(std::span<const double> probabilities,
                                                    std::span<const double> source,
                                                    std::span<const double> centre,
                                                    double strength);

/// Of labels drawn by class: shares_by_maximum with the strength 2 K / held-out items around equal
/// shares. Their uncertainty: 40 resamples of the labels, class by class, each with its own
/// temperature and shifts (bias-corrected temperature scaling: A. Alexandari, A. Kundaje, A.
/// Shrikumar, ICML 2020), and what the prior moves. Shares are not known if the models are less
/// sure of the corpus than of labeled items of the same shares, by a quarter of a standard
/// deviation and two standard errors: then it holds what the labels do not speak of. Without
/// held-out items they are not known either.
[[nodiscard]] ClassShares shares_by_class(const ShareInputs& inputs);

/// Of labels drawn at random: the mean of the probabilities, put right by the held-out items (A.
/// Angelopoulos et al., "Prediction-powered inference", Science 382, 2023). Without held-out items
/// those of the labels.
[[nodiscard]] ClassShares shares_at_random(const ShareInputs& inputs);

}  // namespace kith::qa
