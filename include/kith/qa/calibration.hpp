/// Are probabilities what they say? Measures, from items whose label is known.
#pragma once

#include <span>
#include <vector>

#include "kith/core/label_rows.hpp"
#include "kith/qa/intervals.hpp"

namespace kith::qa {

inline constexpr int kReliabilityBins = 15;

/// How the range of the largest probability is cut: in equal parts, or so that every bin holds as
/// many items (equal values stay together).
enum class Binning { equal_width, equal_mass };

/// Rows of probabilities against known labels.
struct CalibrationMeasures {
  Count items = 0;
  double nll = 0;        // mean negative log probability of the label, nats
  double brier = 0;      // mean squared distance of the row from the label's one-hot row, 0..2
  double ece = 0;        // expected calibration error of the largest probability, equal width
  double ece_mass = 0;   // the same in bins of equal mass
  double rms_error = 0;  // root of the squared calibration error less its bias, equal mass
                         // (A. Kumar, P. Liang, T. Ma, "Verified uncertainty calibration", NeurIPS
                         // 2019, section 5); 0 where the bias is all there is
  Interval nll_interval{0, 0};  // 95 %, normal approximation
  Interval brier_interval{0, 0};
};

/// One bin of the largest probability: [low, high), the last one closed.
struct ReliabilityBin {
  double low = 0;
  double high = 0;
  double mean_confidence = 0;
  Proportion accuracy;
};

/// probabilities: truth.size() rows. Does not communicate: the items are few and on every rank.
[[nodiscard]] CalibrationMeasures measure_calibration(const LabelRows<double>& probabilities,
                                                      std::span<const Label> truth);
/// Bins of equal mass: as many as have items, kReliabilityBins at most.
[[nodiscard]] std::vector<ReliabilityBin> reliability(const LabelRows<double>& probabilities,
                                                      std::span<const Label> truth,
                                                      Binning binning = Binning::equal_width);

}  // namespace kith::qa
