// The definition's own example, and models that are right.
#include "kith/label_model/dawid_skene.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "kith/core/parallel.hpp"

#include "label_model/made_patterns.hpp"

namespace kith::label_model {
namespace {

using test::independent_patterns;
using test::patterns_of;

const std::map<test::Votes, Count>& sampled() {
  static const std::map<test::Votes, Count> counts{
      {{0, 0, 0}, 60727}, {{0, 0, 1}, 41166}, {{0, 1, 0}, 7974},  {{0, 1, 1}, 7715},
      {{1, 0, 0}, 18807}, {{1, 0, 1}, 17547}, {{1, 1, 0}, 14499}, {{1, 1, 1}, 31565}};
  return counts;
}

TEST(DawidSkene, EqualsTheSampledExampleToItsDigits) {
  DawidSkeneConfig config;
  config.tolerance = 1e-13;
  config.max_iterations = 5000;

  const DawidSkene model = fit_dawid_skene(patterns_of(sampled(), 2), config);

  EXPECT_TRUE(model.converged);
  EXPECT_NEAR(model.prior[1], .294, 6e-4);
  const double expected[3][2] = {{.902, .208}, {.815, .098}, {.704, .401}};
  for (int m = 0; m < 3; ++m) {
    EXPECT_NEAR(model.chance(m, 1, 1), expected[m][0], 6e-4);
    EXPECT_NEAR(model.chance(m, 0, 1), expected[m][1], 6e-4);
  }
}

TEST(DawidSkene, IsTheSameForAnyNumberOfThreadsAndClimbs) {
  const PatternCounts patterns = independent_patterns({.9, .8, .7, .6, .6}, 5, 1e6);
  const int threads = num_threads();
  set_num_threads(1);
  const DawidSkene one = fit_dawid_skene(patterns);
  set_num_threads(4);
  const DawidSkene four = fit_dawid_skene(patterns);
  set_num_threads(threads);
  EXPECT_EQ(one.posteriors, four.posteriors);
  EXPECT_EQ(one.bound, four.bound);
  DawidSkeneConfig config;
  double last = -INFINITY;
  for (config.max_iterations = 1; config.max_iterations < 10; ++config.max_iterations) {
    const double bound = fit_dawid_skene(patterns, config).bound;
    EXPECT_GE(bound, last);
    last = bound;
  }
}

/// The prior of the classes enters once an item, not once a vote.
TEST(DawidSkene, BoundIsTheLogLikelihoodAtTheOptimum) {
  DawidSkeneConfig config;
  config.tolerance = 1e-13;
  config.max_iterations = 5000;
  const PatternCounts patterns = patterns_of(sampled(), 2);
  const DawidSkene model = fit_dawid_skene(patterns, config);
  double expected = 0;
  for (std::size_t u = 0; u < patterns.size(); ++u) {
    double likelihood = 0;
    for (int k = 0; k < 2; ++k) {
      double joint = model.prior[to_size(k)];
      for (int m = 0; m < 3; ++m) {
        joint *= model.chance(m, k, patterns.pattern(u)[to_size(m)]);
      }
      likelihood += joint;
    }
    expected += static_cast<double>(patterns.counts[u]) * std::log(likelihood);
  }
  for (int k = 0; k < 2; ++k) {
    expected += config.class_items * std::log(model.prior[to_size(k)]);
    for (int m = 0; m < 3; ++m) {
      expected += config.right_votes * std::log(model.chance(m, k, k)) +
                  config.wrong_votes * std::log(model.chance(m, k, 1 - k));
    }
  }
  EXPECT_NEAR(model.bound, expected, 1e-3);
}

TEST(DawidSkene, KnowsItsOwnAccuracyAndSkipsAbstentions) {
  const PatternCounts patterns = independent_patterns({.9, .8, .7}, 3, 1e6);
  const DawidSkene model = fit_dawid_skene(patterns);
  EXPECT_NEAR(model.expected_accuracy(0), .9, .01);
  EXPECT_NEAR(expected_accuracy(patterns, model), .9, .03);
  const DawidSkene with_gaps =
      fit_dawid_skene(patterns_of({{{0, 0, -1}, 10}, {{-1, -1, -1}, 5}, {{1, -1, 1}, 10}}, 2));
  EXPECT_NEAR(with_gaps.posterior(0)[0], with_gaps.prior[0], 1e-9);  // nobody voted
  EXPECT_EQ(fit_dawid_skene(patterns_of({{{0, 1}, 3}}, 2)).reason,
            "needs three voters, two classes and an item");
}

}  // namespace
}  // namespace kith::label_model
