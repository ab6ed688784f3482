#include "kith/qa/calibration.hpp"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "kith/core/random.hpp"
#include "kith/qa/calibration_maps.hpp"

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

/// Labels drawn from softmax(logits / temperature).
struct Drawn {
  std::vector<double> logits;
  std::vector<Label> truth;
};

Drawn draw(int items, double temperature) {
  Drawn drawn;
  for (int i = 0; i < items; ++i) {
    const double a = 6 * random_uniform(1, Purpose::tie, i, 0) - 3;
    const double b = 6 * random_uniform(1, Purpose::tie, i, 1) - 3;
    drawn.logits.insert(drawn.logits.end(), {a, b});
    const double first = 1 / (1 + std::exp((b - a) / temperature));
    drawn.truth.emplace_back(random_uniform(1, Purpose::tie, i, 2) < first ? 0 : 1);
  }
  return drawn;
}

TEST(Temperature, FindsTheOneThatTheLabelsWereDrawnWith) {
  for (const double temperature : {0.5, 1.0, 3.0}) {
    const Drawn drawn = draw(20000, temperature);
    EXPECT_NEAR(fit_temperature(LabelRows<double>::dense(2, drawn.logits), drawn.truth),
                temperature, 0.1 * temperature);
  }
  EXPECT_EQ(fit_temperature(LabelRows<double>::dense(2, {}), {}), 1);
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

TEST(VectorScaling, UndoesScalesAndShifts) {
  const Drawn drawn = draw(20000, 1);
  std::vector<double> spoiled;
  for (std::size_t i = 0; i < drawn.logits.size(); i += 2) {
    spoiled.insert(spoiled.end(), {3 * drawn.logits[i] + 2, 3 * drawn.logits[i + 1]});
  }
  const VectorScaling scaling = fit_vector_scaling(spoiled, drawn.truth, 2);
  EXPECT_NEAR(scaling.scale[0], 1.0 / 3, 0.03);
  EXPECT_NEAR(scaling.scale[1], 1.0 / 3, 0.03);
  EXPECT_NEAR(scaling.shift[0] - scaling.shift[1], -2.0 / 3, 0.1);
  EXPECT_EQ(fit_vector_scaling({}, {}, 2).scale[1], 1);
}

TEST(Isotonic, PoolsViolatorsAndInterpolates) {
  const std::vector<double> scores{.1, .2, .3, .4, .5};
  const MonotoneMap map = fit_isotonic(scores, std::vector<std::uint8_t>{0, 1, 0, 1, 1});
  EXPECT_DOUBLE_EQ(map(.05), 0);
  EXPECT_DOUBLE_EQ(map(.25), .5);
  EXPECT_DOUBLE_EQ(map(.35), .75);
  EXPECT_DOUBLE_EQ(map(.9), 1);
  EXPECT_DOUBLE_EQ(fit_isotonic({}, {})(.3), .3);
  IsotonicCalibration calibration{{MonotoneMap{{0}, {0}}, MonotoneMap{{0}, {0}}}};
  std::vector<double> out(2);
  calibration.apply(std::vector<double>{.4, .6}, out);
  EXPECT_EQ(out, (std::vector<double>{.5, .5}));
}

}  // namespace
}  // namespace kith::qa
