/// How many of the given labels are wrong, and which: one rate of noise, with the confidence of the
/// probabilities fitted at the same time. Nothing here communicates: the items are few and on every
/// rank.
#pragma once

#include <span>
#include <vector>

#include "kith/core/interval.hpp"
#include "kith/core/label_rows.hpp"

namespace kith::calibrate {

/// The model: the true class of an item follows p^(1 / temperature), normalized; with probability
/// `rate` the given label is another class, all others alike.
struct LabelNoise {
  double temperature = 1;
  double rate = 0;  // in [0, 0.5]
};

/// Maximum likelihood of both numbers (the noise as in the forward correction of G. Patrini et al.,
/// "Making deep neural networks robust to label noise", CVPR 2017, section 3, with one rate), with
/// the weak prior log temperature ~ N(0, 1), which decides only where labels are few. A temperature
/// fitted without noise would be too high where labels are wrong. Where probabilities are
/// calibrated and labels right, the likelihood is flat at rate 0: classes that are hard to tell
/// apart do not pass for noise.
///
/// probabilities: given.size() rows, by models that have not seen the item's label. Cost: the
/// labels that rows name a step, under 100 steps.
[[nodiscard]] LabelNoise fit_label_noise(const LabelRows<double>& probabilities,
                                         std::span<const Label> given);

/// What the labels do not exclude.
struct LabelSuspicion {
  Interval rate{0, 1};        // 95 %, by profile likelihood (S. Wilks, 1938)
  std::vector<double> wrong;  // P(label is wrong | p, given) at rate.high, one an item
};

/// The rates of noise that some temperature makes likely enough, and how suspicious each label is
/// at the highest of them. Few labels leave a high rate open: where all items are equally easy,
/// wrong labels look like a doubt that is spread evenly, and the likeliest rate may be 0.
[[nodiscard]] LabelSuspicion suspect_labels(const LabelRows<double>& probabilities,
                                            std::span<const Label> given);

/// The share of right predictions, from the share that agrees with given labels of which `rate` are
/// wrong. Within [0, 1]; without noise the same number.
[[nodiscard]] double accuracy_without_noise(double agreeing, double rate, int num_classes);

}  // namespace kith::calibrate
