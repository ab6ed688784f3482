// Voters whose accuracy is known, and the definitions' own examples.
#include "kith/qa/unsupervised_accuracy.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "kith/core/parallel.hpp"
#include "kith/label_model/dawid_skene.hpp"
#include "kith/qa/diversity.hpp"

#include "label_model/made_patterns.hpp"

namespace kith::qa {
namespace {

using label_model::test::independent_patterns;
using label_model::test::patterns_of;

TEST(Triplet, FindsTheAccuraciesOfIndependentVoters) {
  const std::vector<double> binary{.9, .8, .7, .65};
  const auto of_binary = triplet_accuracies(independent_patterns(binary, 2, 4e6));
  for (std::size_t m = 0; m < binary.size(); ++m) {
    EXPECT_NEAR(*of_binary[m].value, binary[m], 1e-4);
    EXPECT_EQ(of_binary[m].triples, 3);
  }
  const std::vector<double> five{.9, .8, .7};
  const auto of_five = triplet_accuracies(independent_patterns(five, 5, 4e6));
  for (std::size_t m = 0; m < five.size(); ++m) {
    EXPECT_NEAR(*of_five[m].value, five[m], 1e-4);
  }
}

/// The absolute value that some packages take inside the root would call this voter good.
TEST(Triplet, ShowsAVoterThatIsWorseThanChance) {
  const auto accuracies = triplet_accuracies(independent_patterns({.9, .85, .8, .2}, 2, 4e6));
  EXPECT_NEAR(*accuracies[3].value, .2, 1e-4);
  EXPECT_NEAR(*accuracies[0].value, .9, 1e-4);
}

TEST(Triplet, SaysWhyThereIsNoEstimate) {
  EXPECT_EQ(triplet_accuracies(independent_patterns({.9, .8}, 2, 1e4))[0].reason,
            "needs three voters and two classes");
  const auto guessing = triplet_accuracies(independent_patterns({.5, .5, .5}, 2, 8000));
  EXPECT_FALSE(guessing[0].value.has_value());
  EXPECT_EQ(guessing[0].reason, "no two other voters agree clearly more than chance");
}

TEST(Disagreement, CalibrationErrorBoundsTheGap) {
  // two bins of 0.8 / 0.2, right in 3 of 4: 0.05 of mass too much above, as much too little below
  const std::vector<double> rows{.8, .2, .8, .2, .8, .2, .2, .8};
  const std::vector<Label> truth{Label{0}, Label{0}, Label{0}, Label{0}};
  EXPECT_NEAR(class_aggregated_calibration_error(LabelRows<double>::dense(2, rows), truth),
              2 * (.8 * 4 - 3) / 4, 1e-12);
}

TEST(Confidence, ThresholdAndDifference) {
  const std::vector<double> scores{.9, .4, .7, .6, .8};
  const std::vector<std::uint8_t> right{1, 0, 1, 0, 1};
  EXPECT_EQ(thresholded_confidence(scores, right), .7);
  EXPECT_GT(*thresholded_confidence(scores, std::vector<std::uint8_t>(5, 0)), .9);
  EXPECT_EQ(thresholded_confidence({}, {}), std::nullopt);
  EXPECT_DOUBLE_EQ(difference_of_confidences(.9, .95, .9), .85);
  EXPECT_EQ(difference_of_confidences(.9, .1, .9), 1);
}

TEST(Diversity, EqualsTheWorkedPair) {
  const PairDiversity pair = pair_diversity(60, 15, 10, 15);
  EXPECT_NEAR(*pair.q, .714286, 5e-7);
  EXPECT_NEAR(*pair.rho, .377964, 5e-7);
  EXPECT_DOUBLE_EQ(*pair.disagreement, .25);
  EXPECT_DOUBLE_EQ(*pair.double_fault, .15);
  EXPECT_NEAR(*pair.kappa, .375, 5e-7);
}

/// Perfect voters made others divide by zero.
TEST(Diversity, HasNoValueForVotersThatNeverErr) {
  const PairDiversity pair = pair_diversity(10, 0, 0, 0);
  EXPECT_FALSE(pair.q.has_value());
  EXPECT_FALSE(pair.rho.has_value());
  EXPECT_FALSE(pair.kappa.has_value());
  EXPECT_EQ(*pair.disagreement, 0);
  const GroupDiversity group = group_diversity(std::vector<double>{0, 0, 0, 10});
  EXPECT_FALSE(group.kappa.has_value());
  EXPECT_FALSE(group.generalized.has_value());
  EXPECT_EQ(*group.coincident_failure, 0);
}

TEST(Diversity, GroupMeasuresEqualTheirDefinitions) {
  // 10 items, 3 voters: one all wrong, two with one right, three with two, four with three
  const GroupDiversity group = group_diversity(std::vector<double>{1, 2, 3, 4});
  EXPECT_DOUBLE_EQ(*group.entropy, (2 + 3) / 10.0);
  EXPECT_DOUBLE_EQ(*group.kw, (2 * 2 + 3 * 2) / 90.0);
  EXPECT_DOUBLE_EQ(*group.kappa, 1 - 10.0 / (3 * 10 * 2 * (2.0 / 3) * (1.0 / 3)));
  EXPECT_NEAR(*group.difficulty, (2.0 / 9 + 3 * 4.0 / 9 + 4) / 10 - 4.0 / 9, 1e-12);
  const double one = (1 * 3 + 2 * 2 + 3 * 1) / 30.0;
  const double two = (1 * 6 + 2 * 2) / 60.0;
  EXPECT_NEAR(*group.generalized, 1 - two / one, 1e-12);
  EXPECT_NEAR(*group.coincident_failure, (2 * .5 + 3 * 1) / 6, 1e-12);
}

TEST(Diversity, ExpectedValuesEqualThoseAgainstTheTruthIfTheModelIsRight) {
  const std::vector<double> accuracies{.9, .8, .7, .75};
  const label_model::PatternCounts patterns = independent_patterns(accuracies, 3, 1e8);
  label_model::DawidSkeneConfig config;
  config.tolerance = 1e-12;
  config.max_iterations = 2000;

  const Diversity known = measure_diversity(independent_patterns(accuracies, 3, 1e8, true));
  const Diversity expected =
      expected_diversity(patterns, label_model::fit_dawid_skene(patterns, config));

  EXPECT_TRUE(expected.is_expected);
  ASSERT_EQ(known.pairs.size(), expected.pairs.size());
  for (std::size_t pair = 0; pair < known.pairs.size(); ++pair) {
    EXPECT_NEAR(*known.pairs[pair].q, 0, 1e-4);  // independent errors
    EXPECT_NEAR(*expected.pairs[pair].double_fault, *known.pairs[pair].double_fault, 1e-3);
    EXPECT_NEAR(*expected.pairs[pair].disagreement, *known.pairs[pair].disagreement, 1e-3);
    EXPECT_NEAR(known.pairs[pair].both_right / 1e8,
                accuracies[to_size(known.pairs[pair].first)] *
                    accuracies[to_size(known.pairs[pair].second)],
                1e-6);
  }
  EXPECT_NEAR(*expected.group.kw, *known.group.kw, 1e-3);
  EXPECT_NEAR(*expected.group.generalized, *known.group.generalized, 1e-3);
}

TEST(Diversity, LeavesOutAbstentionsAndUnknownTruths) {
  const Diversity diversity = measure_diversity(
      patterns_of({{{0, 0, 0}, 5}, {{0, -1, 0}, 3}, {{0, 1, -1}, 9}, {{1, 0, 1}, 2}}, 2));
  EXPECT_EQ(diversity.pairs[0].both_right, 5);
  EXPECT_EQ(diversity.pairs[0].first_right, 2);
  EXPECT_EQ(diversity.group.items, 7);
}

}  // namespace
}  // namespace kith::qa
