// Intervals keep their promise: over many made corpora the 95 % interval holds the truth in 93 to
// 97 % of them; conservative ones by construction (exact, at small numbers) in at least 93 %.
#include <cmath>
#include <functional>
#include <numeric>

#include <gtest/gtest.h>

#include "kith/calibrate/label_noise.hpp"
#include "kith/core/parallel.hpp"
#include "kith/core/random.hpp"
#include "kith/qa/acceptance.hpp"
#include "kith/qa/agreement.hpp"
#include "kith/qa/audit.hpp"
#include "kith/qa/calibration.hpp"
#include "kith/qa/imbalance.hpp"

#include "calibrate/made_labels.hpp"
#include "label_model/made_patterns.hpp"

namespace kith::qa {
namespace {

constexpr int kCorpora = 500;

double uniform(int corpus, int item, int draw) {
  return random_uniform(77 + static_cast<std::uint64_t>(corpus), Purpose::pilot_sample, item,
                        static_cast<std::uint64_t>(draw));
}

/// Share of corpora whose interval holds the truth. `covers` must not depend on other corpora.
double coverage(const std::function<bool(int)>& covers) {
  std::vector<int> held(kCorpora, 0);
  for (int corpus = 0; corpus < kCorpora; ++corpus) {
    held[to_size(corpus)] = covers(corpus) ? 1 : 0;
  }
  return std::accumulate(held.begin(), held.end(), 0) / static_cast<double>(kCorpora);
}

bool holds(const Interval& interval, double truth) {
  return interval.low <= truth && truth <= interval.high;
}

void expect_nominal(double share) {
  EXPECT_GE(share, 0.93);
  EXPECT_LE(share, 0.97);
}

int draw_wrong(int corpus, int items, double rate) {
  int wrong = 0;
  for (int i = 0; i < items; ++i) {
    wrong += uniform(corpus, i, 0) < rate ? 1 : 0;
  }
  return wrong;
}

TEST(Coverage, WilsonAndClopperPearson) {
  expect_nominal(coverage([](int c) { return holds(wilson(draw_wrong(c, 400, .1), 400), .1); }));
  expect_nominal(
      coverage([](int c) { return holds(clopper_pearson(draw_wrong(c, 2000, .3), 2000), .3); }));
  EXPECT_GE(coverage([](int c) { return holds(clopper_pearson(draw_wrong(c, 60, .02), 60), .02); }),
            .95 - .02);
  EXPECT_GE(coverage([](int c) {
              return .05 <= clopper_pearson_upper(draw_wrong(c, 300, .05), 300, .95);
            }),
            .93);
}

/// A corpus of 3 strata with fixed errors, audited without replacement.
struct MadeAudit {
  static constexpr Count kItems[3] = {6000, 3000, 1000};
  static constexpr int kAudited[3] = {500, 400, 300};
  static constexpr double kRates[3] = {.02, .10, .40};

  std::vector<StratumAudit> strata;
  std::vector<AuditedItem> audited;
  std::vector<Forecast> forecasts;
  double truth = 0;
  double precision = 0;  // of class 0: strata 0 and 1 are predicted as it
  double recall = 0;

  explicit MadeAudit(int corpus) {
    Count right_of_first = 0;
    Count missed = 0;
    Count wrong_total = 0;
    for (int h = 0; h < 3; ++h) {
      add_stratum(corpus, h, right_of_first, missed, wrong_total);
    }
    truth = static_cast<double>(wrong_total) / 10000;
    precision = static_cast<double>(right_of_first) / static_cast<double>(kItems[0] + kItems[1]);
    recall = static_cast<double>(right_of_first) / static_cast<double>(right_of_first + missed);
  }

 private:
  void add_stratum(int corpus, int h, Count& right_of_first, Count& missed, Count& wrong_total) {
    StratumAudit stratum{kItems[h], 0, 0};
    Forecast forecast{kItems[h], 0, 0};
    double squares = 0;
    for (int i = 0; i < kItems[h]; ++i) {
      const int id = 10000 * h + i;
      const bool is_hard = uniform(0, id, 5) < 2 * kRates[h];  // the corpus stays, the audit varies
      const bool is_wrong = is_hard && uniform(0, id, 6) < .5;
      const double doubt = is_hard ? .4 : .05;
      forecast.mean += doubt;
      squares += doubt * doubt;
      wrong_total += is_wrong ? 1 : 0;
      right_of_first += h < 2 && !is_wrong ? 1 : 0;
      missed += h == 2 && is_wrong ? 1 : 0;
      const auto left = static_cast<double>(kItems[h] - i);
      const auto missing = static_cast<double>(kAudited[h] - stratum.audited);
      if (uniform(corpus, id, 7) < missing / left) {
        const Label predicted{h < 2 ? 0 : 1};
        const Label other{h < 2 ? 1 : 0};
        audited.push_back({predicted, is_wrong ? other : predicted,
                           kAudited[h] / static_cast<double>(kItems[h]), 1 - doubt, h});
        ++stratum.audited;
        stratum.wrong += is_wrong ? 1 : 0;
      }
    }
    const auto items = static_cast<double>(kItems[h]);
    forecast.mean /= items;
    forecast.variance = squares / items - forecast.mean * forecast.mean;
    strata.push_back(stratum);
    forecasts.push_back(forecast);
  }
};

TEST(Coverage, StratifiedAuditsAndWhatIsMadeOfThem) {
  const std::vector<Count> items(std::begin(MadeAudit::kItems), std::end(MadeAudit::kItems));
  std::vector<double> held(6, 0.0);
  std::vector<double> width(2, 0.0);
  for (int corpus = 0; corpus < kCorpora; ++corpus) {
    const MadeAudit audit{corpus};
    const AuditEstimate error = stratified_error(audit.strata);
    const auto powered = prediction_powered_error(audit.audited, audit.forecasts);
    const auto classes = audit_classes(audit.audited, items, 2);
    held[0] += holds(error.interval, audit.truth) ? 1 : 0;
    held[1] += holds(error.wilson, audit.truth) ? 1 : 0;
    held[2] += holds(powered.error.interval, audit.truth) ? 1 : 0;
    held[3] += holds(classes[0].precision->wilson, audit.precision) ? 1 : 0;
    held[4] += holds(classes[0].recall->wilson, audit.recall) ? 1 : 0;
    held[5] += holds(classes[0].precision->interval, audit.precision) ? 1 : 0;
    width[0] += error.wilson.high - error.wilson.low;
    width[1] += powered.error.interval.high - powered.error.interval.low;
  }
  for (std::size_t what = 0; what < held.size(); ++what) {
    SCOPED_TRACE(what);
    expect_nominal(held[what] / kCorpora);
  }
  EXPECT_LT(width[1], .9 * width[0]);
}

TEST(Coverage, UnequalProbabilities) {
  constexpr int kItems = 6000;
  double truth = 0;
  std::vector<double> chance;
  std::vector<bool> is_wrong;
  for (int i = 0; i < kItems; ++i) {
    const double doubt = uniform(0, i, 1) * uniform(0, i, 2);
    chance.push_back(.03 + .4 * doubt);
    is_wrong.push_back(uniform(0, i, 3) < .5 * doubt);
    truth += is_wrong.back() ? 1.0 / kItems : 0.0;
  }
  double held = 0;
  for (int corpus = 0; corpus < kCorpora; ++corpus) {
    std::vector<AuditedItem> audited;
    for (int i = 0; i < kItems; ++i) {
      if (uniform(corpus + 1, i, 4) < chance[to_size(i)]) {
        audited.push_back(
            {Label{0}, Label{is_wrong[to_size(i)] ? 1 : 0}, chance[to_size(i)], 1, 0});
      }
    }
    held += holds(hajek_error(audited).interval, truth) ? 1 : 0;
  }
  expect_nominal(held / kCorpora);
}

/// Votes of 3 voters with shared difficulty; their population values from one huge sample.
label_model::PatternCounts made_votes(int corpus, int items) {
  std::map<label_model::test::Votes, Count> counts;
  for (int i = 0; i < items; ++i) {
    const int truth = uniform(corpus, i, 0) < .6 ? 0 : 1;
    const double hardness = .5 * uniform(corpus, i, 1);
    label_model::test::Votes votes;
    for (int m = 0; m < 3; ++m) {
      const bool is_wrong = uniform(corpus, i, 2 + 2 * m) < hardness;
      const bool abstains = uniform(corpus, i, 3 + 2 * m) < .1;
      votes.push_back(abstains ? -1 : is_wrong ? 2 - 2 * (m % 2) : truth);
    }
    ++counts[votes];
  }
  return label_model::test::patterns_of(counts, 3);
}

TEST(Coverage, AgreementByBootstrapAndByLinearization) {
  const Agreement truth = measure_agreement(made_votes(-1, 1'000'000), 0, 1);
  std::vector<double> held(8, 0.0);
  for (int corpus = 0; corpus < kCorpora; ++corpus) {
    const label_model::PatternCounts patterns = made_votes(corpus, 300);
    const Agreement few = measure_agreement(patterns, 400, static_cast<std::uint64_t>(corpus));
    const auto add = [&](std::size_t what, const Estimate& estimate, const Estimate& known) {
      held[what] += holds(*estimate.interval, *known.value) ? 1 : 0;
    };
    add(0, few.mean_pair_agreement, truth.mean_pair_agreement);
    add(1, few.fleiss, truth.fleiss);
    add(2, few.krippendorff, truth.krippendorff);
    add(3, few.gwet_ac1, truth.gwet_ac1);
    add(4, few.pabak, truth.pabak);
    add(5, few.class_kappas[0], truth.class_kappas[0]);
    held[6] += holds(few.unanimous.interval, *truth.unanimous.value) ? 1 : 0;
    add(7, few.pairs[0].kappa, truth.pairs[0].kappa);
  }
  for (std::size_t what = 0; what < held.size(); ++what) {
    SCOPED_TRACE(what);
    expect_nominal(held[what] / kCorpora);
  }
}

TEST(Coverage, LossesAndClassShares) {
  const auto row_of = [](int corpus, int i) { return .5 + .5 * uniform(corpus, i, 0); };
  double nll = 0;
  double brier = 0;
  for (int i = 0; i < 1'000'000; ++i) {
    const double p = row_of(-1, i);
    nll -= (p * std::log(p) + (1 - p) * std::log(std::max(1 - p, 1e-12))) / 1e6;
    brier += (p * 2 * (1 - p) * (1 - p) + (1 - p) * 2 * p * p) / 1e6;
  }
  std::vector<double> held(3, 0.0);
  for (int corpus = 0; corpus < kCorpora; ++corpus) {
    std::vector<double> rows;
    std::vector<Label> truth;
    Confusion confusion{2};
    for (int i = 0; i < 500; ++i) {
      const double p = row_of(corpus, i);
      rows.insert(rows.end(), {p, 1 - p});
      truth.emplace_back(uniform(corpus, i, 1) < p ? 0 : 1);
      const bool is_first = i < 300;
      confusion.add(Label{uniform(corpus, i, 2) < (is_first ? .9 : .3) ? 0 : 1},
                    Label{is_first ? 0 : 1});
    }
    const CalibrationMeasures measures =
        measure_calibration(LabelRows<double>::dense(2, rows), truth);
    held[0] += holds(measures.nll_interval, nll) ? 1 : 0;
    held[1] += holds(measures.brier_interval, brier) ? 1 : 0;
    const auto shares = corrected_class_shares(std::vector<Count>{80000, 20000}, confusion);
    held[2] += holds(shares[0].interval, .8 * .9 + .2 * .3) ? 1 : 0;
  }
  for (const double count : held) {
    expect_nominal(count / kCorpora);
  }
}

TEST(Coverage, RateOfWrongLabels) {
  expect_nominal(coverage([](int c) {
    const calibrate::test::MadeLabels made{c, 300, 4, .15, 1.4};
    return holds(
        calibrate::suspect_labels(LabelRows<double>::dense(4, made.probabilities), made.given).rate,
        .15);
  }));
}

/// The guarantee: the accepted items' error is above the limit in at most delta of the audits.
/// P(wrong | confidence c) = .48 (1 - c)^2, c uniform: those above t have an error of .16 (1 -
/// t)^2.
TEST(Coverage, AcceptThresholdKeepsItsPromise) {
  for (const int labels : {500, 1000}) {
    double broken = 0;
    double accepted = 0;
    double share = 0;
    for (int corpus = 0; corpus < kCorpora; ++corpus) {
      std::vector<AuditedItem> audited;
      for (int i = 0; i < labels; ++i) {
        const double confidence = uniform(corpus, i, 0);
        const bool is_wrong = uniform(corpus, i, 1) < .48 * (1 - confidence) * (1 - confidence);
        audited.push_back({Label{0}, Label{is_wrong ? 1 : 0}, .1, confidence, 0});
      }
      const AcceptThreshold found = find_accept_threshold(audited, .05, .05);
      if (found.threshold) {
        ++accepted;
        share += (1 - *found.threshold) / kCorpora;
        broken += .16 * (1 - *found.threshold) * (1 - *found.threshold) > .05 ? 1 : 0;
      }
    }
    EXPECT_LE(broken / kCorpora, .05 + .02);
    EXPECT_GT(accepted / kCorpora, labels == 500 ? .75 : .95);
    EXPECT_GT(share, labels == 500 ? .3 : .4);  // of .559 that could be accepted
  }
}

/// So many labels as are said to be needed let a threshold pass in about four of five audits.
TEST(Coverage, LabelsNeededToAccept) {
  std::vector<ConfidenceCount> corpus;
  for (int bin = 999; bin >= 0; --bin) {
    const double doubt = 1 - (bin + .5) / 1000;
    corpus.push_back({1 - doubt * doubt, 100});
  }
  const auto labels = labels_to_accept(corpus, .05, .05);
  ASSERT_TRUE(labels.has_value());
  const double passed = coverage([&](int c) {
    std::vector<AuditedItem> audited;
    for (int i = 0; i < *labels; ++i) {
      const double confidence = uniform(c, i, 0);
      const bool is_wrong = uniform(c, i, 1) < (1 - confidence) * (1 - confidence);
      audited.push_back({Label{0}, Label{is_wrong ? 1 : 0}, 1, confidence, 0});
    }
    return find_accept_threshold(audited, .05, .05).threshold.has_value();
  });
  EXPECT_GT(passed, .7);
  EXPECT_LT(passed, .95);
  EXPECT_FALSE(labels_to_accept(std::vector<ConfidenceCount>{{.9, 100}}, .05, .05).has_value());
}

}  // namespace
}  // namespace kith::qa
