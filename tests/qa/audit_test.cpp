// Published and worked numbers, whole corpora as audits of everything, any number of ranks.
#include "kith/qa/audit.hpp"

#include <cmath>
#include <numeric>

#include <gtest/gtest.h>

#include "kith/core/random.hpp"
#include "kith/qa/acceptance.hpp"
#include "kith/qa/audit_design.hpp"

#include "support/mpi_world.hpp"

namespace kith::qa {
namespace {

using test::world;

constexpr Count kHuge = 1'000'000'000'000;

/// 50 classes x slices x bands of very unequal sizes; this rank's share of 6000 items.
struct Corpus {
  std::vector<GlobalId> ids;
  std::vector<Label> predicted;
  std::vector<float> confidences;
  std::vector<std::int32_t> slices;

  Corpus(int begin, int step) {
    for (int id = begin; id < 6000; id += step) {
      const auto uniform = [&](int draw) {
        return random_uniform(4, Purpose::pilot_sample, id, static_cast<std::uint64_t>(draw));
      };
      ids.emplace_back(id);
      predicted.emplace_back(id % 41 == 0 ? -1 : static_cast<int>(5 * uniform(0) * uniform(1)));
      confidences.push_back(static_cast<float>(1 - 0.6 * uniform(2) * uniform(3)));
      slices.push_back(static_cast<std::int32_t>(4 * uniform(4) * uniform(5)));
    }
  }
  static Corpus mine() { return {world().rank().value(), world().size()}; }
  [[nodiscard]] PredictedLabels view() const { return {predicted, confidences, slices}; }
};

StrataConfig with_slices() {
  StrataConfig config;
  config.num_slices = 4;
  return config;
}

TEST(Stratification, HoldsEveryLabeledItemOnceAndJoinsSmallBands) {
  const Corpus mine = Corpus::mine();
  const Stratification strata = stratify(world(), mine.view(), 5, with_slices());

  std::vector<Count> counted(strata.strata.size(), 0);
  const Corpus all{0, 1};
  for (std::size_t i = 0; i < all.ids.size(); ++i) {
    const auto h = strata.stratum_of(all.predicted[i], all.confidences[i], all.slices[i]);
    EXPECT_EQ(h < 0, all.predicted[i].is_none());
    if (h >= 0) {
      const Stratum& stratum = strata.strata[to_size(h)];
      ++counted[to_size(h)];
      EXPECT_EQ(stratum.predicted, all.predicted[i]);
      EXPECT_TRUE(stratum.slice == -1 || stratum.slice == all.slices[i]);
    }
  }
  for (std::size_t h = 0; h < counted.size(); ++h) {
    EXPECT_EQ(counted[h], strata.strata[h].items);
    EXPECT_GT(counted[h], 0);
    const bool is_alone = strata.strata[h].first_band == 0 && strata.strata[h].last_band == 6;
    EXPECT_TRUE(counted[h] >= 30 || is_alone) << h;
  }
}

TEST(Allocation, EqualsNeymansSplit) {
  const std::vector<double> weights{.9, .08, .02};
  const double p[] = {2.0 / 200, 15.0 / 150, 60.0 / 150};
  std::vector<double> deviations;
  for (const double rate : p) {
    deviations.push_back(std::sqrt(rate * (1 - rate)));
  }

  const std::vector<double> split = neyman_allocation(weights, deviations, 500);

  EXPECT_NEAR(split[0], 363.0, 0.05);
  EXPECT_NEAR(split[1], 97.3, 0.05);
  EXPECT_NEAR(split[2], 39.7, 0.05);
}

TEST(Allocation, SpendsTheBudgetWithinTheStrata) {
  const Corpus mine = Corpus::mine();
  const Stratification strata = stratify(world(), mine.view(), 5, with_slices());
  using enum Allocation;
  for (const Allocation allocation : {proportional, neyman, per_class}) {
    for (const Count budget : {Count{7}, Count{400}, Count{5000}, Count{100000}}) {
      const std::vector<Count> counts = allocate(strata.strata, budget, allocation);
      Count all = 0;
      for (std::size_t h = 0; h < counts.size(); ++h) {
        EXPECT_LE(counts[h], strata.strata[h].items);
        EXPECT_TRUE(budget < 100 || counts[h] >= std::min<Count>(2, strata.strata[h].items));
        all += strata.strata[h].items;
      }
      EXPECT_EQ(std::accumulate(counts.begin(), counts.end(), Count{0}), std::min(budget, all));
    }
  }
}

TEST(Audit, DrawsTheSameItemsAtAnyNumberOfRanksAndKeepsThemWhenMoreAreWanted) {
  const auto draw = [](const comm::Communicator& comm, const Corpus& corpus, Count wanted) {
    std::vector<std::int32_t> strata;
    for (const Label label : corpus.predicted) {
      strata.push_back(label.is_none() ? -1 : label.value() > 0 ? 1 : 0);
    }
    return draw_audit(comm, corpus.ids, strata, std::vector<Count>{wanted, 2 * wanted}, 6);
  };
  const Corpus mine = Corpus::mine();
  const Corpus all{0, 1};
  const auto alone = comm::Communicator::duplicate(MPI_COMM_SELF);
  const auto few = draw(world(), mine, 50);
  const auto many = draw(world(), mine, 90);
  const auto expected = draw(alone, all, 50);
  EXPECT_EQ(std::accumulate(expected.begin(), expected.end(), 0), 150);
  for (std::size_t i = 0; i < few.size(); ++i) {
    EXPECT_EQ(few[i], expected[to_size(mine.ids[i])]);
    EXPECT_LE(few[i], many[i]);
  }
}

TEST(StratifiedError, EqualsTheWorkedExample) {
  const std::vector<StratumAudit> strata{
      {kHuge / 100 * 90, 200, 2}, {kHuge / 100 * 8, 150, 15}, {kHuge / 100 * 2, 150, 60}};

  const AuditEstimate error = stratified_error(strata);

  EXPECT_NEAR(error.value, 0.025, 1e-12);
  EXPECT_NEAR(error.standard_error, .006694, 5e-7);
  EXPECT_NEAR(error.effective_items, 544.0, 0.05);
  EXPECT_NEAR(error.wilson.low, .01484, 5e-6);
  EXPECT_NEAR(error.wilson.high, .04182, 5e-6);
  EXPECT_LT(error.interval.low, error.wilson.low);
  EXPECT_GT(error.interval.high, error.value);
}

TEST(StratifiedError, AddsExactBoundsWhereNothingIsWrong) {
  const std::vector<StratumAudit> strata{{kHuge, 100, 0}, {kHuge, 100, 0}};
  const AuditEstimate error = stratified_error(strata);
  EXPECT_EQ(error.value, 0);
  EXPECT_EQ(error.interval.low, 0);
  EXPECT_NEAR(error.interval.high, clopper_pearson(0, 100, 0.975).high, 1e-12);
}

TEST(StratifiedError, IsExactOfACompleteAuditAndWidenedByWhatNobodySaw) {
  const AuditEstimate complete =
      stratified_error(std::vector<StratumAudit>{{50, 50, 5}, {10, 10, 0}});
  EXPECT_DOUBLE_EQ(complete.interval.low, 5.0 / 60);
  EXPECT_DOUBLE_EQ(complete.interval.high, 5.0 / 60);
  const AuditEstimate partial =
      stratified_error(std::vector<StratumAudit>{{900, 90, 9}, {100, 0, 0}});
  EXPECT_DOUBLE_EQ(partial.value, 0.1);
  EXPECT_GT(partial.interval.high, 0.1 + 0.1);
  EXPECT_EQ(stratified_error({}).interval.high, 1);
}

std::vector<AuditedItem> simple_sample(int items, int wrong, double inclusion) {
  std::vector<AuditedItem> audited;
  for (int i = 0; i < items; ++i) {
    audited.push_back({Label{0}, Label{i < wrong ? 1 : 0}, inclusion,
                       1 - (i + 0.5) / (2 * items) - (i < wrong ? 0.5 : 0.0), 0});
  }
  return audited;
}

TEST(UnequalProbabilities, AgreeOnASimpleSample) {
  const auto audited = simple_sample(200, 20, 0.1);

  const AuditEstimate hajek = hajek_error(audited);

  EXPECT_DOUBLE_EQ(hajek.value, 0.1);
  EXPECT_NEAR(hajek.standard_error, std::sqrt(0.9 * 0.1 * 0.9 / 200), 1e-12);
  EXPECT_NEAR(effective_sample_size(audited), 200, 1e-9);
}

TEST(UnequalProbabilities, WeighByTheInverse) {
  std::vector<AuditedItem> audited = simple_sample(100, 0, 0.01);
  for (const AuditedItem& item : simple_sample(50, 50, 0.5)) {
    audited.push_back(item);
  }
  EXPECT_NEAR(hajek_error(audited).value, 100.0 / 10100, 1e-12);
}

TEST(PredictionPowered, RemovesTheVarianceThatTheForecastExplains) {
  std::vector<AuditedItem> audited;
  for (int i = 0; i < 400; ++i) {
    const bool is_wrong = i % 10 == 0;
    audited.push_back({Label{0}, Label{is_wrong ? 1 : 0}, 1, is_wrong ? 0.1 : 0.95, 0});
  }
  const double mean = 0.1 * 0.9 + 0.9 * 0.05;

  const auto powered =
      prediction_powered_error(audited, std::vector<Forecast>{{kHuge, mean, 0.065}});

  EXPECT_NEAR(powered.error.value, 0.1, 1e-9);
  EXPECT_EQ(powered.lambda, 1);  // the optimum, 1 / 0.85, is beyond
  EXPECT_LT(powered.error.standard_error, 0.3 * std::sqrt(0.1 * 0.9 / 400));
  const auto useless = prediction_powered_error(simple_sample(400, 40, 1),
                                                std::vector<Forecast>{{kHuge, 0.3, 0.02}});
  EXPECT_GT(useless.lambda, 0);
}

TEST(ClassAudits, AreThePlainRatiosOfACompleteAudit) {
  std::vector<AuditedItem> audited;
  const int table[3][3] = {{30, 5, 0}, {2, 40, 3}, {0, 0, 0}};  // [truth][predicted]
  for (int t = 0; t < 3; ++t) {
    for (int p = 0; p < 3; ++p) {
      audited.insert(audited.end(), to_size(table[t][p]), {Label{p}, Label{t}, 1, 1, 0});
    }
  }

  const auto classes = audit_classes(audited, std::vector<Count>{80}, 3);

  EXPECT_DOUBLE_EQ(classes[0].precision->value, 30.0 / 32);
  EXPECT_DOUBLE_EQ(classes[0].recall->value, 30.0 / 35);
  EXPECT_EQ(classes[0].recall->standard_error, 0);
  EXPECT_DOUBLE_EQ(classes[2].precision->value, 0);
  EXPECT_FALSE(classes[2].recall.has_value());
}

TEST(Acceptance, NeedsAsManyItemsAsTheTextbookSays) {
  EXPECT_EQ(acceptance_items(0.01, 0.05), 299);
  EXPECT_EQ(acceptance_items(0.05, 0.05), 59);
  EXPECT_EQ(acceptance_items(0.05, 0.05, 1), 93);  // Hahn and Meeker, 1991
  EXPECT_NEAR(clopper_pearson_upper(0, 299, 0.95), 0.01, 1e-4);
}

TEST(Acceptance, HasALimitWhateverTheError) {
  EXPECT_EQ(acceptance_items(1e-300, 0.05), Count{1} << 50);
  EXPECT_EQ(acceptance_items(0.9, 1e-12), 12);
  const std::vector<ConfidenceCount> at_the_limit{{1 - 0.05 * (1 - 1e-15), 1000}};
  EXPECT_FALSE(labels_to_accept(at_the_limit, 0.05, 0.05).has_value());
}

TEST(AcceptThreshold, StopsBeforeTheErrorsAndAllowsNone) {
  std::vector<AuditedItem> audited;
  for (int i = 0; i < 1000; ++i) {
    audited.push_back({Label{0}, Label{i >= 600 && i % 2 == 0 ? 1 : 0}, 1, 1 - i / 1000.0, 0});
  }

  const AcceptThreshold found = find_accept_threshold(audited, 0.05, 0.05);

  ASSERT_TRUE(found.threshold.has_value());
  EXPECT_NEAR(*found.threshold, 0.37, 0.03);
  EXPECT_LE(found.error_bound, 0.05);
  EXPECT_NEAR(found.share, static_cast<double>(found.audited) / 1000, 1e-12);
  EXPECT_FALSE(find_accept_threshold(simple_sample(50, 0, 1), 0.05, 0.05).threshold.has_value());
  const AcceptThreshold none = find_accept_threshold(simple_sample(500, 499, 1), 0.05, 0.05);
  EXPECT_FALSE(none.threshold.has_value());
  EXPECT_GT(none.error_bound, 0.05);
}

TEST(AcceptThreshold, TakesEqualConfidencesTogether) {
  std::vector<AuditedItem> audited(200, {Label{0}, Label{0}, 1, 0.9, 0});
  for (int i = 0; i < 40; ++i) {
    audited[to_size(i)].truth = Label{1};
  }
  EXPECT_FALSE(find_accept_threshold(audited, 0.05, 0.05).threshold.has_value());
}

TEST(RiskCoverage, EqualsTheMeanOfRunningErrors) {
  const std::vector<AuditedItem> audited{{Label{0}, Label{0}, 1, 0.9, 0},
                                         {Label{0}, Label{1}, 1, 0.8, 0},
                                         {Label{0}, Label{0}, 1, 0.7, 0},
                                         {Label{0}, Label{1}, 1, 0.6, 0}};
  const RiskCoverage curve = risk_coverage(audited);
  EXPECT_DOUBLE_EQ(curve.aurc, (0 + 1.0 / 2 + 1.0 / 3 + 2.0 / 4) / 4);
  EXPECT_DOUBLE_EQ(curve.points[1].coverage, 0.5);
  EXPECT_DOUBLE_EQ(curve.points[3].risk, 0.5);
  EXPECT_DOUBLE_EQ(curve.excess, curve.aurc - (0.5 + 0.5 * std::log(0.5)));
}

}  // namespace
}  // namespace kith::qa
