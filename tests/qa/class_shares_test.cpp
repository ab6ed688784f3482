#include "kith/qa/class_shares.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "kith/qa/corpus_accuracy.hpp"
#include "kith/qa/log_pool.hpp"

#include "qa/label_shift.hpp"

namespace kith::qa {
namespace {

constexpr std::size_t kClasses = 3;

/// Two members' log probabilities of 12 items; the first one knows something.
struct MadeOpinions {
  std::vector<double> logs;
  std::vector<Label> truth;

  MadeOpinions() {
    for (int m = 0; m < 2; ++m) {
      for (int i = 0; i < 12; ++i) {
        double sum = 0;
        std::vector<double> row;
        for (int k = 0; k < 3; ++k) {
          row.push_back(std::sin(1.0 + m * 5 + i * 3 + k * 7) + (k == i % 3 && m == 0 ? 1.5 : 0.0));
          sum += std::exp(row.back());
        }
        for (const double logit : row) {
          logs.push_back(logit - std::log(sum));
        }
      }
    }
    for (int i = 0; i < 12; ++i) {
      truth.emplace_back(i % 3);
    }
  }
};

/// Golden values: SciPy's BFGS on the same loss.
TEST(LogPool, IsTheBestOfThePenalizedOnes) {
  const MadeOpinions made;
  const LogPool pool = fit_log_pool({made.logs, made.truth, kClasses}, std::vector{0.5, 0.5});
  EXPECT_NEAR(pool.weights[0], 0.71301121, 1e-5);
  EXPECT_NEAR(pool.weights[1], 0.44149510, 1e-5);
  EXPECT_NEAR(pool.shifts[0], -0.03329127, 1e-5);
  EXPECT_NEAR(pool.shifts[1], 0.02833083, 1e-5);
  const LogPool none = fit_log_pool({{}, {}, kClasses}, std::vector{0.25, 0.75});
  EXPECT_EQ(none.weights, (std::vector{0.25, 0.75}));
}

TEST(BiasCorrection, IsThatOfSciPy) {
  const MadeOpinions made;
  std::vector<double> probabilities;
  for (std::size_t at = 0; at < 12 * kClasses; ++at) {
    probabilities.push_back(std::exp(made.logs[at]));
  }
  const BiasCorrection found =
      fit_bias_correction(probabilities, made.truth, std::vector<double>(12, 1.0), kClasses);
  EXPECT_NEAR(found.scale, 3.648158, 1e-3);
  EXPECT_NEAR(found.shifts[0], -0.169913, 1e-3);
  EXPECT_NEAR(found.shifts[2], 0.157251, 1e-3);
}

TEST(ClassShares, OfTheGoldenCase) {
  std::vector<double> rows;
  for (int i = 0; i < 100; ++i) {
    rows.insert(rows.end(), {i < 50 ? 0.9 : 0.3, i < 50 ? 0.1 : 0.7});
  }
  const std::vector<double> even{0.5, 0.5};
  EXPECT_NEAR(shares_by_maximum(rows, even, even, 0)[0], 13.0 / 16, 2e-5);
  EXPECT_NEAR(shares_by_maximum(rows, even, even, 0.3)[0], 0.647451, 1e-5);
}

TEST(ClassShares, AreUnknownWhereTheCorpusHoldsOthers) {
  std::vector<double> held_out;
  std::vector<double> sure;
  std::vector<Label> truth;
  for (int i = 0; i < 60; ++i) {
    truth.emplace_back(i % 2);
    held_out.insert(held_out.end(), {i % 2 == 0 ? 0.8 : 0.2, i % 2 == 0 ? 0.2 : 0.8});
    sure.push_back(0.8 + 0.01 * (i % 7));
  }
  std::vector<double> corpus;
  std::vector<float> like_seeds;
  std::vector<float> others;
  for (int i = 0; i < 500; ++i) {
    const double p = i % 4 < 3 ? 0.8 : 0.2;
    corpus.insert(corpus.end(), {p, 1 - p});
    like_seeds.push_back(0.8F + 0.01F * static_cast<float>(i % 7));
    others.push_back(i % 2 == 0 ? like_seeds.back() : 0.5F);
  }
  ShareInputs in{2, corpus, 1000, held_out, truth, {0.5, 0.5}, like_seeds, sure, 1};
  const ClassShares known = shares_by_class(in);
  EXPECT_TRUE(known.is_known);
  EXPECT_GT(known.shares[0], 0.7);
  EXPECT_NEAR(known.confusion[0], 0.75, 1e-9);
  in.corpus_sure = others;
  const ClassShares unknown = shares_by_class(in);
  EXPECT_FALSE(unknown.is_known);
  EXPECT_EQ(unknown.shares, in.source);
  EXPECT_GT(unknown.deviations[0], 0.2);
  const ClassShares random = shares_at_random(in);  // 0.65 + (0.5 - 0.5)
  EXPECT_NEAR(random.shares[0], 0.65, 1e-9);
}

TEST(SeedDesign, IsByClassWhereCountsAreTooEvenForChance) {
  const auto guess = [](std::vector<Count> counts) { return guess_design(counts); };
  EXPECT_EQ(guess({20, 20, 20}), SeedDesign::by_class);
  EXPECT_EQ(guess({50, 50, 50, 30, 12}), SeedDesign::by_class);  // two classes had no more
  EXPECT_EQ(guess({31, 9, 14, 6}), SeedDesign::random);
  EXPECT_EQ(guess({12, 10, 8, 9, 11}), SeedDesign::random);  // P = 0.09
  EXPECT_EQ(guess({3, 1, 0, 1, 2}), SeedDesign::random);
}

TEST(CorpusAccuracy, WeighsRecallsByShares) {
  std::vector<Label> truth;
  std::vector<std::uint8_t> is_right;
  for (int k = 0; k < 3; ++k) {
    for (int i = 0; i < 4; ++i) {
      truth.emplace_back(k);
      is_right.push_back(i < 3 - k ? 1 : 0);
    }
  }
  ClassShares shares;
  shares.design = SeedDesign::by_class;
  shares.shares = {0.7, 0.2, 0.1};
  shares.covariance = {0.02, -0.01, -0.01, -0.01, 0.01, 0, -0.01, 0, 0.01};
  const AccuracyEstimate by_class = corpus_accuracy(truth, is_right, 0, shares);
  EXPECT_NEAR(*by_class.value, 0.65, 1e-12);
  EXPECT_NEAR(by_class.interval.low, 0.310531, 1e-4);
  EXPECT_NEAR(by_class.interval.high, 0.884496, 1e-4);
  shares.design = SeedDesign::random;
  const AccuracyEstimate random = corpus_accuracy(truth, is_right, 2, shares);
  EXPECT_NEAR(*random.value, 6.0 / 14, 1e-12);
  EXPECT_NEAR(random.interval.low, 0.148874, 1e-4);
  EXPECT_FALSE(corpus_accuracy({}, {}, 2, shares).value);
}

TEST(SureThreshold, IsTheLowestThatHoldsItsWord) {
  std::vector<double> confidences;
  std::vector<std::uint8_t> is_right;
  for (int i = 0; i < 100; ++i) {
    confidences.push_back(1 - 0.001 * i);
    is_right.push_back(i < 40 || i % 2 == 0 ? 1 : 0);
  }
  const std::vector<double> ones(100, 1.0);
  // 41 of 42 still do; 42 of 44 do not.
  const auto threshold = sure_threshold(confidences, is_right, ones, 0.9);
  ASSERT_TRUE(threshold);
  EXPECT_NEAR(*threshold, 1 - 0.001 * 42, 1e-9);
  EXPECT_FALSE(
      sure_threshold(std::span{confidences}.first(20), std::span{is_right}.first(20), ones, 0.9))
      << "20 right ones are too few";
}

}  // namespace
}  // namespace kith::qa
