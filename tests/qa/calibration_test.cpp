#include "kith/qa/calibration.hpp"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "kith/core/random.hpp"

namespace kith::qa {
namespace {

TEST(Intervals, EqualPublishedDigits) {
  EXPECT_NEAR(wilson(8, 10).low, 0.4902, 5e-5);
  EXPECT_NEAR(wilson(8, 10).high, 0.9433, 5e-5);
  EXPECT_EQ(wilson(0, 100).low, 0);
  EXPECT_NEAR(wilson(0, 100).high, 0.0370, 5e-5);
  EXPECT_NEAR(clopper_pearson(0, 100).high, 0.0362, 5e-5);
  EXPECT_EQ(proportion(0, 0).value, std::nullopt);
  EXPECT_EQ(proportion(0, 0).interval.high, 1);
}

TEST(Calibration, MeasuresTheTextbookCase) {
  const std::vector<double> rows{0.9, 0.1, 0.4, 0.6, 0.8, 0.2};
  const std::vector<Label> truth{Label{0}, Label{1}, Label{1}};

  const CalibrationMeasures measures =
      measure_calibration(LabelRows<double>::dense(2, rows), truth);

  EXPECT_NEAR(measures.nll, -(std::log(0.9) + std::log(0.6) + std::log(0.2)) / 3, 1e-12);
  EXPECT_NEAR(measures.brier, (0.02 + 0.32 + 1.28) / 3, 1e-12);
  EXPECT_NEAR(measures.ece, (0.1 + 0.4 + 0.8) / 3, 1e-12);
  Count items = 0;
  for (const ReliabilityBin& bin : reliability(LabelRows<double>::dense(2, rows), truth)) {
    items += bin.accuracy.trials;
  }
  EXPECT_EQ(items, 3);
}

TEST(Calibration, BinsOfEqualMassHoldAllItemsAndKeepTiesTogether) {
  std::vector<double> rows;
  std::vector<Label> truth;
  for (int i = 0; i < 300; ++i) {
    const double p = i < 100 ? 0.6 : 0.5 + i / 700.0;
    rows.insert(rows.end(), {p, 1 - p});
    truth.emplace_back(i % 4 == 0 ? 1 : 0);
  }
  const auto bins = reliability(LabelRows<double>::dense(2, rows), truth, Binning::equal_mass);
  Count items = 0;
  Count largest = 0;
  for (const ReliabilityBin& bin : bins) {
    items += bin.accuracy.trials;
    largest = std::max(largest, bin.accuracy.trials);
    EXPECT_LE(bin.low, bin.mean_confidence);
    EXPECT_GE(bin.high, bin.mean_confidence);
  }
  EXPECT_EQ(items, 300);
  EXPECT_GE(largest, 100);
  EXPECT_LT(bins.size(), to_size(kReliabilityBins));
}

/// The plain error of calibrated probabilities is far from 0 on few items; without its bias it is
/// near.
TEST(Calibration, DebiasedErrorOfCalibratedProbabilitiesIsNearZero) {
  double plain = 0;
  double debiased = 0;
  for (int sample = 0; sample < 50; ++sample) {
    std::vector<double> rows;
    std::vector<Label> truth;
    for (int i = 0; i < 200; ++i) {
      const int id = 200 * sample + i;
      const double p = 0.5 + 0.5 * random_uniform(3, Purpose::tie, id, 0);
      rows.insert(rows.end(), {p, 1 - p});
      truth.emplace_back(random_uniform(3, Purpose::tie, id, 1) < p ? 0 : 1);
    }
    const CalibrationMeasures measures =
        measure_calibration(LabelRows<double>::dense(2, rows), truth);
    plain += measures.ece_mass / 50;
    debiased += measures.rms_error * measures.rms_error / 50;
  }
  EXPECT_GT(plain, 0.06);
  EXPECT_LT(debiased, 0.003);
}

}  // namespace
}  // namespace kith::qa
