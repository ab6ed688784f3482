#include "kith/qa/calibration.hpp"

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
    EXPECT_NEAR(fit_temperature(drawn.logits, drawn.truth, 2), temperature, 0.1 * temperature);
  }
  EXPECT_EQ(fit_temperature({}, {}, 2), 1);
}

TEST(Calibration, MeasuresTheTextbookCase) {
  const std::vector<double> rows{0.9, 0.1, 0.4, 0.6, 0.8, 0.2};
  const std::vector<Label> truth{Label{0}, Label{1}, Label{1}};

  const CalibrationMeasures measures = measure_calibration(rows, truth, 2);

  EXPECT_NEAR(measures.nll, -(std::log(0.9) + std::log(0.6) + std::log(0.2)) / 3, 1e-12);
  EXPECT_NEAR(measures.brier, (0.02 + 0.32 + 1.28) / 3, 1e-12);
  EXPECT_NEAR(measures.ece, (0.1 + 0.4 + 0.8) / 3, 1e-12);
  Count items = 0;
  for (const ReliabilityBin& bin : reliability(rows, truth, 2)) {
    items += bin.accuracy.trials;
  }
  EXPECT_EQ(items, 3);
}

}  // namespace
}  // namespace kith::qa
