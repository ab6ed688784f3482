// Slices, imbalance and the value of seeds: published numbers and plain enumeration.
#include "kith/qa/slices.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <boost/math/distributions/hypergeometric.hpp>
#include <gtest/gtest.h>

#include "kith/core/random.hpp"
#include "kith/qa/agreement.hpp"
#include "kith/qa/imbalance.hpp"
#include "kith/qa/shapley.hpp"

#include "label_model/made_patterns.hpp"

namespace kith::qa {
namespace {

TEST(BenjaminiHochberg, EqualsTheirExample) {
  // Benjamini and Hochberg 1995, section 3.2: four of fifteen are rejected at .05
  const std::vector<double> p{.0001, .0004, .0019, .0095, .0201, .0278, .0298, .0344,
                              .0459, .3240, .4262, .5719, .6528, .7590, 1.000};
  const std::vector<double> q = benjamini_hochberg(p);
  EXPECT_EQ(std::count_if(q.begin(), q.end(), [](double value) { return value <= .05; }), 4);
  EXPECT_NEAR(q[0], .0015, 1e-12);
  EXPECT_TRUE(std::is_sorted(q.begin(), q.end()));
}

/// Not only the worst slice: every one that is worse.
TEST(Slices, FlagsAllThatAreWorse) {
  std::vector<SliceAudit> slices(8, {1000, 100, 3});
  slices[2].wrong = 30;
  slices[5].wrong = 25;
  slices.push_back({50, 0, 0});
  const auto findings = compare_slices(slices);
  for (std::size_t s = 0; s < slices.size(); ++s) {
    EXPECT_EQ(findings[s].is_worse, s == 2 || s == 5) << s;
  }
  EXPECT_FALSE(findings[8].p_value.has_value());
  EXPECT_NEAR(*findings[8].shrunken, 73.0 / 800, 1e-12);
  EXPECT_LT(*findings[2].shrunken, .30);
  EXPECT_GT(*findings[2].shrunken, .25);
  EXPECT_GT(*findings[0].shrunken, .03);
}

TEST(Slices, ShrinkToTheMeanWhereTheyDifferByChance) {
  const std::vector<SliceAudit> slices{{10, 10, 1}, {10, 10, 1}, {10, 10, 2}};
  for (const SliceFinding& finding : compare_slices(slices)) {
    EXPECT_NEAR(*finding.shrunken, 4.0 / 30, 1e-12);
    EXPECT_FALSE(finding.is_worse);
  }
  EXPECT_FALSE(compare_slices(std::vector<SliceAudit>{{5, 0, 0}})[0].shrunken.has_value());
}

TEST(Slices, PValueIsFishers) {
  // the lady tasting tea: 3 of 4, p = 17/70
  const auto findings = compare_slices(std::vector<SliceAudit>{{4, 4, 3}, {4, 4, 1}});
  EXPECT_NEAR(*findings[0].p_value, 17.0 / 70, 1e-12);
  EXPECT_NEAR(*findings[1].p_value, 69.0 / 70, 1e-12);
}

TEST(Slices, PValueOfVeryManyItemsIsNearFishers) {
  const std::vector<SliceAudit> slices{{0, 1'001'000, 100'100}, {0, 1000, 125}};
  const boost::math::hypergeometric exact{100'225, 1000, 1'002'000};
  const double expected = boost::math::cdf(boost::math::complement(exact, 124U));
  EXPECT_NEAR(*compare_slices(slices)[1].p_value, expected, 0.25 * expected);
}

TEST(Weights, EqualTheWorkedNumbers) {
  const std::vector<Count> counts{10000, 1000, 10};
  const std::vector<double> effective = effective_number_weights(counts, .9999);
  EXPECT_NEAR(effective[0], .0047, 5e-5);
  EXPECT_NEAR(effective[1], .0311, 5e-5);
  EXPECT_NEAR(effective[2], 2.9642, 5e-5);
  EXPECT_NEAR(std::accumulate(effective.begin(), effective.end(), 0.0), 3, 1e-12);
  EXPECT_DOUBLE_EQ(inverse_weights(counts)[2], 11010.0 / 30);
  EXPECT_EQ(inverse_weights(std::vector<Count>{4, 0})[1], 0);
  EXPECT_EQ(inverse_weights(std::vector<Count>{4, 0})[0], 1);
}

TEST(Sampling, BalancesWithinTheRatio) {
  const std::vector<Count> counts{1000, 40, 0, 10};
  EXPECT_EQ(undersampled_counts(counts, 5), (std::vector<Count>{50, 40, 0, 10}));
  EXPECT_EQ(oversampling_repeats(counts, 10), (std::vector<Count>{1, 3, 0, 10}));
  const ClassMix mix = measure_class_mix(counts);
  EXPECT_EQ(mix.ratio, 100);
  EXPECT_EQ(mix.absent, 1);
  EXPECT_NEAR(measure_class_mix(std::vector<Count>{7, 7, 7}).effective_classes, 3, 1e-12);
}

TEST(ClassShares, AreCorrectedByTheAudit) {
  // class 1 is stated for 100 items, 60 % of them are class 0
  Confusion audited{2};
  audited.add(Label{0}, Label{0}, 90);
  audited.add(Label{0}, Label{1}, 60);
  audited.add(Label{1}, Label{0}, 10);
  audited.add(Label{1}, Label{1}, 40);
  const auto shares = corrected_class_shares(std::vector<Count>{900, 100}, audited);
  EXPECT_DOUBLE_EQ(shares[0].corrected, .9 * .9 + .1 * .6);
  EXPECT_DOUBLE_EQ(shares[1].stated, .1);
  EXPECT_LT(shares[1].interval.low, shares[1].corrected);
  EXPECT_GT(shares[1].interval.high, shares[1].corrected);
  Confusion of_one{2};
  of_one.add(Label{0}, Label{0}, 90);
  of_one.add(Label{1}, Label{0}, 10);
  const auto unseen = corrected_class_shares(std::vector<Count>{900, 100}, of_one);
  EXPECT_GT(unseen[1].interval.high - unseen[1].interval.low,
            .1 + shares[1].interval.high - shares[1].interval.low);
}

TEST(Seeds, NeededAndWhatRandomLabelsCost) {
  EXPECT_EQ(seeds_needed(std::vector<Count>{3, 12, 0}, 10), (std::vector<Count>{7, 0, 10}));
  EXPECT_EQ(random_labels_for(.01, 1), 299);  // ln .05 / ln .99
  EXPECT_EQ(random_labels_for(1, 5), 5);
  EXPECT_EQ(random_labels_for(.2, 0), 0);
  EXPECT_EQ(random_labels_for(0, 5), Count{1} << 50);  // none is ever found
}

TEST(KnnShapley, EqualsTheRecursionOfThePaper) {
  for (int query = 0; query < 20; ++query) {
    std::vector<Label> neighbors;
    for (int r = 0; r < 7; ++r) {
      const double uniform =
          random_uniform(2, Purpose::pilot_sample, query, static_cast<std::uint64_t>(r));
      neighbors.emplace_back(static_cast<int>(3 * uniform));
    }
    std::vector<double> s(7, 0.0);
    const auto same = [&](std::size_t r) { return neighbors[r] == Label{1} ? 1.0 : 0.0; };
    for (std::size_t r = 6; r-- > 0;) {
      s[r] = s[r + 1] + (same(r) - same(r + 1)) / 7;
    }
    std::vector<Count> gains(7, 0);
    add_knn_shapley_gains(Label{1}, neighbors, gains);
    add_knn_shapley_gains(Label{1}, neighbors, gains);
    for (std::size_t r = 0; r < 7; ++r) {
      EXPECT_NEAR(static_cast<double>(gains[r]) / (7 * 2), s[r], 1e-12);
    }
  }
}

TEST(CohenKappa, EqualsTheTextbooksExampleAndLeavesOutAbstentions) {
  const auto patterns = label_model::test::patterns_of(
      {{{0, 0}, 20}, {{0, 1}, 5}, {{1, 0}, 10}, {{1, 1}, 15}, {{-1, 0}, 7}, {{1, -1}, 2}}, 2);
  const PairAgreement pair = measure_agreement(patterns, 0, 1).pairs[0];
  EXPECT_NEAR(*pair.kappa.value, .4, 1e-12);
  EXPECT_EQ(pair.kappa.items, 50);
  EXPECT_LT(pair.kappa.interval->low, .4);
}

}  // namespace
}  // namespace kith::qa
