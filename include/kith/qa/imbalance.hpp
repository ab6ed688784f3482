/// Classes of very different size: how different, what to do in training, what to label next.
/// Nothing here communicates.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "kith/core/types.hpp"
#include "kith/qa/accuracy.hpp"
#include "kith/qa/intervals.hpp"

namespace kith::qa {

struct ClassMix {
  std::optional<double> ratio;   // largest class / smallest one that occurs
  double entropy = 0;            // of the shares, nats
  double effective_classes = 0;  // exp(entropy)
  int absent = 0;                // classes without an item
};
[[nodiscard]] ClassMix measure_class_mix(std::span<const Count> counts);

/// N / (K n_k); 0 for a class without items, and K counts those that have some.
[[nodiscard]] std::vector<double> inverse_weights(std::span<const Count> counts);

/// (1 - beta) / (1 - beta^n_k), scaled to a sum of K (Y. Cui et al., "Class-balanced loss based on
/// effective number of samples", CVPR 2019); beta in [0, 1). 0 for a class without items.
[[nodiscard]] std::vector<double> effective_number_weights(std::span<const Count> counts,
                                                           double beta = 0.9999);

/// Items to keep of each class so that none has more than ratio times the smallest one; to draw
/// them by hash: draw_audit() with the classes as strata. ratio >= 1.
[[nodiscard]] std::vector<Count> undersampled_counts(std::span<const Count> counts, double ratio);

/// How often to take each item of a class so that every class has at least 1 / ratio of the largest
/// one's items; 0 for a class without items. ratio >= 1.
[[nodiscard]] std::vector<Count> oversampling_repeats(std::span<const Count> counts, double ratio);

struct ClassShare {
  double stated = 0;     // of the labels as they are
  double corrected = 0;  // of the true classes
  Interval interval;     // of the corrected share, 95 %: Wilson at the effective sample size
};
/// Shares of the true classes: the audited items of each stated class tell what it consists of.
/// stated: labels of the corpus, K. audited: counts of (true, stated), drawn at random within each
/// stated class; a class that nobody audited is taken as stated, and as unknown in the interval.
[[nodiscard]] std::vector<ClassShare> corrected_class_shares(std::span<const Count> stated,
                                                             const Confusion& audited);

/// Seeds missing in each class until it has `wanted`.
[[nodiscard]] std::vector<Count> seeds_needed(std::span<const Count> seeds, Count wanted);

/// Items to label at random so that a class with this share gets `seeds` of them with probability
/// `confidence`: what a rare class costs without a search for it; 2^50 if it is more. share in (0,
/// 1].
[[nodiscard]] Count random_labels_for(double share, Count seeds, double confidence = 0.95);

}  // namespace kith::qa
