#include <cmath>

#include <gtest/gtest.h>

#include "kith/calibrate/isotonic.hpp"
#include "kith/calibrate/temperature.hpp"
#include "kith/calibrate/vector_scaling.hpp"
#include "kith/core/random.hpp"

namespace kith::calibrate {
namespace {

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
}  // namespace kith::calibrate
