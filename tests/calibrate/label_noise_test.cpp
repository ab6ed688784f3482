// The noise of labels: against a search over all pairs of parameters, on made labels of known
// noise, and where there is none.
#include "kith/calibrate/label_noise.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <gtest/gtest.h>

#include "calibrate/made_labels.hpp"

namespace kith::calibrate {
namespace {

using test::MadeLabels;

double log_likelihood(const MadeLabels& made, double log_temperature, double rate) {
  const auto width = to_size(made.num_classes);
  double sum = -log_temperature * log_temperature / 2;
  for (std::size_t i = 0; i < made.given.size(); ++i) {
    double total = 0;
    double right = 0;
    for (std::size_t k = 0; k < width; ++k) {
      const double p = std::pow(made.probabilities[i * width + k], std::exp(-log_temperature));
      total += p;
      right = k == to_size(made.given[i]) ? p : right;
    }
    right /= total;
    sum += std::log((1 - rate) * right + rate * (1 - right) / (made.num_classes - 1));
  }
  return sum;
}

TEST(LabelNoise, IsTheLikeliestPairOfParameters) {
  const MadeLabels made{1, 300, 4, 0.1, 1.5};

  const LabelNoise found =
      fit_label_noise(LabelRows<double>::dense(made.num_classes, made.probabilities), made.given);

  const double best = log_likelihood(made, std::log(found.temperature), found.rate);
  for (double log_temperature = -1; log_temperature <= 1; log_temperature += 0.02) {
    for (double rate = 0; rate <= 0.3; rate += 0.005) {
      ASSERT_LE(log_likelihood(made, log_temperature, rate), best + 1e-9);
    }
  }
  const LabelSuspicion suspicion =
      suspect_labels(LabelRows<double>::dense(4, made.probabilities), made.given);
  EXPECT_LT(suspicion.rate.low, found.rate);
  EXPECT_GT(suspicion.rate.high, found.rate);
  double least = 0;  // at the ends of the interval the best temperature is just likely enough
  for (const double rate : {suspicion.rate.low, suspicion.rate.high}) {
    double highest = -1e9;
    for (double log_temperature = -1.5; log_temperature <= 1.5; log_temperature += 0.01) {
      highest = std::max(highest, log_likelihood(made, log_temperature, rate));
    }
    least = std::max(least, std::abs(best - 1.9207 - highest));
  }
  EXPECT_LT(least, 0.05);
}

TEST(LabelNoise, FindsWrongLabelsAmongClassesThatAreHardToTellApart) {
  const MadeLabels made{2, 2000, 10, 0.1, 0.6};

  const LabelNoise found =
      fit_label_noise(LabelRows<double>::dense(made.num_classes, made.probabilities), made.given);

  EXPECT_NEAR(found.rate, 0.1, 0.02);
  EXPECT_NEAR(found.temperature, 0.6, 0.08);
  const LabelSuspicion suspicion =
      suspect_labels(LabelRows<double>::dense(10, made.probabilities), made.given);
  double flagged = 0;
  double hits = 0;
  double expected = 0;
  for (std::size_t i = 0; i < made.given.size(); ++i) {
    const bool is_suspect = suspicion.wrong[i] > 0.5;
    flagged += is_suspect ? 1 : 0;
    hits += is_suspect && made.given[i] != made.truth[i] ? 1 : 0;
    expected += is_suspect ? suspicion.wrong[i] : 0.0;
  }
  EXPECT_GT(hits, 0.5 * 200);
  EXPECT_GT(hits, 0.8 * flagged);
  EXPECT_NEAR(hits / flagged, expected / flagged, 0.06);  // chances are what they say
}

TEST(LabelNoise, SuspectsHardlyAnyRightLabel) {
  for (const int count : {100, 500}) {
    double suspects = 0;
    for (int corpus = 0; corpus < 20; ++corpus) {
      const MadeLabels made{10 + corpus, count, 10, 0, 0.8};
      const auto found = suspect_labels(
          LabelRows<double>::dense(made.num_classes, made.probabilities), made.given);
      suspects += static_cast<double>(std::count_if(found.wrong.begin(), found.wrong.end(),
                                                    [](double wrong) { return wrong > 0.5; }));
    }
    EXPECT_LT(suspects, 0.01 * 20 * count);
  }
}

/// All items equally easy: noise and doubt look the same, and the wrong labels are named all the
/// same.
TEST(LabelNoise, FindsWrongLabelsAmongItemsThatAreAllEasy) {
  std::vector<double> probabilities;
  std::vector<Label> given;
  for (int i = 0; i < 200; ++i) {
    const bool is_wrong = i % 20 == 7;
    for (int k = 0; k < 4; ++k) {
      probabilities.push_back(k == i % 4 ? .88 : .04);
    }
    given.emplace_back((i + (is_wrong ? 1 : 0)) % 4);
  }

  const LabelSuspicion found = suspect_labels(LabelRows<double>::dense(4, probabilities), given);

  EXPECT_EQ(found.rate.low, 0);
  for (std::size_t i = 0; i < given.size(); ++i) {
    EXPECT_EQ(found.wrong[i] > 0.5, i % 20 == 7) << i << ' ' << found.wrong[i];
  }
}

TEST(LabelNoise, SaysNothingWithoutLabels) {
  const LabelNoise none = fit_label_noise(LabelRows<double>::dense(3, {}), {});
  EXPECT_EQ(none.temperature, 1);
  EXPECT_EQ(none.rate, 0);
  EXPECT_EQ(suspect_labels(LabelRows<double>::dense(3, {}), {}).rate.high, 1);
  const std::vector<double> sure{1, 0, 0, 1};  // all right: the prior keeps the temperature finite
  const LabelNoise right =
      fit_label_noise(LabelRows<double>::dense(2, sure), std::vector{Label{0}, Label{1}});
  EXPECT_GT(right.temperature, 0.05);
  EXPECT_EQ(right.rate, 0);
}

TEST(LabelNoise, EndsWhateverTheProbabilitiesAre) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const std::vector<double>& broken :
       {std::vector{nan, nan, nan, nan}, std::vector{0.0, 0.0, 0.0, 0.0},
        std::vector{1e-320, 1e-320, 1e300, 1e300}}) {
    const LabelSuspicion found =
        suspect_labels(LabelRows<double>::dense(2, broken), std::vector{Label{0}, Label{1}});
    EXPECT_EQ(found.wrong.size(), 2U);
  }
}

TEST(AccuracyWithoutNoise, UndoesWhatNoiseDoes) {
  const double accuracy = 0.78;
  const double rate = 0.1;
  const double agreeing = accuracy * (1 - rate) + (1 - accuracy) * rate / 9;
  EXPECT_NEAR(accuracy_without_noise(agreeing, rate, 10), accuracy, 1e-12);
  EXPECT_EQ(accuracy_without_noise(0.7, 0, 10), 0.7);
  EXPECT_EQ(accuracy_without_noise(0.95, 0.1, 10), 1);
  EXPECT_EQ(accuracy_without_noise(0.5, 0.5, 2), 1);
}

}  // namespace
}  // namespace kith::calibrate
