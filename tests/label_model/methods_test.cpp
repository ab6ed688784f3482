// Against independent computations, on tables whose truth is known, and where there is no model.
#include <cmath>
#include <cstring>

#include <gtest/gtest.h>

#include "kith/core/error.hpp"
#include "kith/core/parallel.hpp"
#include "kith/label_model/method.hpp"

#include "label_model/made_tables.hpp"

namespace kith::label_model {
namespace {

using test::independent_table;
using test::made_table;
using test::MadeVoter;
using test::table_of;

const Method& method(std::string_view name) {
  const Method* found = find_method(name);
  EXPECT_NE(found, nullptr) << name;
  return *found;
}

FitOptions to_the_end(const Method& method) {
  FitOptions options;
  if (method.takes("tolerance")) {
    options.parameters = {{"tolerance", 1e-15}, {"max_iterations", 20000}, {"table_votes", 5}};
  }
  return options;
}

/// Four voters, three classes; two rows of known class where asked for.
VoteTable small_table(bool with_known) {
  const int two = with_known ? 2 : -1;
  const int one = with_known ? 1 : -1;
  return table_of({{{0, 0, 0, -1, -1}, 40},
                   {{0, 0, 1, 0, -1}, 25},
                   {{0, 1, 0, 0, -1}, 12},
                   {{1, 1, 1, 1, -1}, 30},
                   {{1, 1, 0, -1, -1}, 14},
                   {{1, 0, 1, 2, two}, 9},
                   {{2, 2, 2, 2, -1}, 28},
                   {{2, 2, 0, 2, -1}, 11},
                   {{2, 1, 2, -1, one}, 7},
                   {{-1, 2, 2, 0, -1}, 6},
                   {{0, -1, 2, 2, -1}, 5},
                   {{1, 2, 1, 1, -1}, 8}},
                  3);
}

struct Expected {
  const char* method;
  bool with_known;
  double log_likelihood;
  std::vector<double> prior;
  std::vector<double> accuracies;
};

/// The numbers are those of a plain NumPy program with loops over rows, voters and classes, that
/// was run until no posterior changed by 1e-13.
TEST(LabelModels, EqualAnIndependentComputationAfterConvergence) {
  const std::vector<Expected> all{
      {"one_coin",
       false,
       -552.64983,
       {.418958, .310357, .270686},
       {.964462, .810126, .736532, .882327}},
      {"one_coin",
       true,
       -586.75082,
       {.417485, .300767, .281748},
       {.884799, .829791, .671156, .957727}},
      {"dawid_skene",
       false,
       -489.07801,
       {.394127, .312965, .292908},
       {.969996, .812426, .744746, .899298}},
      {"dawid_skene",
       true,
       -532.36316,
       {.393739, .302524, .303737},
       {.884857, .845884, .66468, .961734}},
      {"mace", false, -527.64014, {.397655, .31125, .291096}, {.969242, .810813, .752189, .883793}},
      {"mace",
       true,
       -576.57139,
       {.405746, .300358, .293896},
       {.883034, .831946, .660316, .966576}}};
  for (const Expected& expected : all) {
    const Method& fitted = method(expected.method);
    const FittedModel model = fitted.fit(small_table(expected.with_known), to_the_end(fitted));

    ASSERT_EQ(model.reason, "");
    EXPECT_TRUE(model.converged) << expected.method;
    EXPECT_NEAR(model.log_likelihood, expected.log_likelihood, 2e-5) << expected.method;
    for (std::size_t k = 0; k < 3; ++k) {
      EXPECT_NEAR(model.prior[k], expected.prior[k], 2e-6) << expected.method;
    }
    for (std::size_t m = 0; m < 4; ++m) {
      EXPECT_NEAR(model.voters[m].expected_accuracy(model.prior), expected.accuracies[m], 2e-6)
          << expected.method;
    }
  }
}

TEST(LabelModels, PosteriorsAreThoseOfTheIndependentComputation) {
  const FittedModel model =
      method("dawid_skene").fit(small_table(false), to_the_end(method("dawid_skene")));
  std::vector<double> q(3);
  const std::vector<Vote> votes{{1, 2}, {2, 2}, {3, 0}};
  model.posterior(votes, q);
  EXPECT_NEAR(q[0], 2.633e-3, 1e-6);
  EXPECT_NEAR(q[2], .997057, 1e-6);
  model.posterior({}, q);
  EXPECT_NEAR(q[1], model.prior[1], 1e-12);  // nobody votes
}

TEST(LabelModels, MajorityIsTheSharesOfTheVotes) {
  FitOptions options;
  options.prior = {.5, .3, .2};
  const FittedModel model = method("majority").fit(small_table(false), options);
  std::vector<double> q(3);
  const std::vector<Vote> votes{{0, 1}, {1, 0}, {2, 1}, {3, 2}};
  model.posterior(votes, q);
  EXPECT_EQ(q, (std::vector<double>{.25, .5, .25}));
  model.posterior({}, q);
  EXPECT_EQ(q, options.prior);
}

/// Fu et al.'s closed form for five classes; the project's golden values for these voters.
TEST(LabelModels, TripletFindsAccuraciesOfFiveClasses) {
  const VoteTable table = independent_table({.9, .8, .7}, std::vector<double>(5, .2), 1e6);
  const FittedModel model = method("triplet").fit(table, {});
  const std::vector<double> expected{.9, .8, .7};
  for (std::size_t m = 0; m < 3; ++m) {
    EXPECT_NEAR(model.voters[m].expected_accuracy(model.prior), expected[m], 2e-3);
  }
}

TEST(LabelModels, TripletFindsAVoterBelowChance) {
  const VoteTable table = independent_table({.9, .8, .75, .2}, {.5, .5}, 1e6);
  const FittedModel model = method("triplet").fit(table, {});
  EXPECT_NEAR(model.voters[3].expected_accuracy(model.prior), .2, 2e-3);
  EXPECT_NEAR(model.voters[0].expected_accuracy(model.prior), .9, 2e-3);
}

/// Second moments fix a model of two classes with known shares.
TEST(LabelModels, MetalFindsTwoClassesOfKnownShares) {
  const VoteTable table = independent_table({.9, .8, .7, .65}, {.6, .4}, 1e6);
  FitOptions options;
  options.prior = {.6, .4};
  const FittedModel model = method("metal").fit(table, options);
  const std::vector<double> expected{.9, .8, .7, .65};
  for (std::size_t m = 0; m < expected.size(); ++m) {
    EXPECT_NEAR(model.voters[m].expected_accuracy(model.prior), expected[m], 5e-3);
    EXPECT_NEAR(model.propensities[2 * m], 1, 6e-3);  // all vote
  }
}

TEST(LabelModels, FindTheAccuraciesOfSimulatedVotersThatAbstain) {
  const std::vector<double> accuracies{.9, .8, .7, .6, .5};
  std::vector<MadeVoter> voters;
  for (const double accuracy : accuracies) {
    voters.push_back({.accuracy = accuracy, .votes = .7});
  }
  const VoteTable table = made_table(voters, 4, 20000);
  for (const char* name : {"weighted_majority", "one_coin", "dawid_skene", "mace", "triplet"}) {
    const FittedModel model = method(name).fit(table, {});
    const double allowed = std::strcmp(name, "weighted_majority") == 0 ? .2 : .025;
    for (std::size_t m = 0; m < accuracies.size(); ++m) {
      EXPECT_NEAR(model.voters[m].expected_accuracy(model.prior), accuracies[m], allowed) << name;
    }
  }
}

/// Share of items with votes whose most likely class is the gold one.
double share_right(const VoteTable& table, const FittedModel& model) {
  std::vector<double> q(to_size(table.num_classes));
  double right = 0;
  double all = 0;
  for (std::size_t row = 0; row < table.size(); ++row) {
    if (!table.row(row).empty()) {
      model.posterior(table.row(row), q);
      const auto best = std::max_element(q.begin(), q.end()) - q.begin();
      right += best == table.gold[row] ? static_cast<double>(table.counts[row]) : 0.0;
      all += static_cast<double>(table.counts[row]);
    }
  }
  return right / all;
}

/// Tables would say of each rule that it votes its class whatever is true.
TEST(LabelModels, RulesForOneClassEachDoNotCollapse) {
  std::vector<MadeVoter> rules;
  for (int rule = 0; rule < 18; ++rule) {
    rules.push_back({.accuracy = rule < 9 ? .8 : .4, .votes = .3, .only = rule % 6});
  }
  const VoteTable table = made_table(rules, 6, 12000);
  const double by_majority = share_right(table, method("majority").fit(table, {}));
  for (const char* name : {"weighted_majority", "one_coin", "dawid_skene", "mace", "metal"}) {
    const FittedModel model = method(name).fit(table, {});
    EXPECT_FALSE(model.learns_prior) << name;
    EXPECT_GT(share_right(table, model), by_majority - .01) << name;
  }
  EXPECT_NE(method("triplet").fit(table, {}).reason, "");
}

TEST(LabelModels, KnownItemsSayWhichRulesAreGood) {
  const std::vector<MadeVoter> voters(3, {.accuracy = .35, .votes = 1});
  std::vector<MadeVoter> all = voters;
  all.push_back({.accuracy = .95, .votes = 1});
  const VoteTable table = made_table(all, 3, 3000, .1);
  const FittedModel model = method("weighted_majority").fit(table, {});
  EXPECT_NEAR(model.voters[3].expected_accuracy(model.prior), .95, .04);
  EXPECT_NEAR(model.voters[0].expected_accuracy(model.prior), .35, .1);
  EXPECT_GT(share_right(table, model), .93);
}

TEST(LabelModels, AreTheSameForAnyNumberOfThreads) {
  const VoteTable table =
      made_table(std::vector<MadeVoter>(9, {.accuracy = .6, .votes = .6}), 4, 9000);
  const int threads = num_threads();
  for (const Method* each : methods()) {
    for (const bool informative : {false, true}) {
      FitOptions options;
      options.informative_abstention = informative;
      set_num_threads(1);
      const FittedModel one = each->fit(table, options);
      set_num_threads(4);
      const FittedModel four = each->fit(table, options);
      EXPECT_EQ(one.reason, "");
      EXPECT_EQ(one.prior, four.prior) << each->name();
      EXPECT_EQ(one.log_likelihood, four.log_likelihood) << each->name();
      EXPECT_EQ(one.propensities, four.propensities) << each->name();
      for (std::size_t m = 0; m < one.voters.size(); ++m) {
        EXPECT_EQ(one.voters[m].copies, four.voters[m].copies) << each->name();
        EXPECT_EQ(one.voters[m].table, four.voters[m].table) << each->name();
      }
    }
  }
  set_num_threads(threads);
}

TEST(LabelModels, ClimbTheLogLikelihoodWithEachIteration) {
  const VoteTable table = small_table(false);
  for (const char* name : {"one_coin", "mace"}) {
    double last = -INFINITY;
    for (int iterations = 2; iterations < 12; ++iterations) {
      FitOptions options;
      options.parameters = {{"max_iterations", iterations}, {"prior_votes", 1e-3}};
      const double now = method(name).fit(table, options).log_likelihood;
      EXPECT_GT(now, last - 1e-2) << name;  // the priors take a little
      last = now;
    }
  }
}

/// A voter that is silent on class 0 says by its silence that it is class 0.
TEST(LabelModels, AbstentionsCountWhereTheyAreInformative) {
  std::vector<MadeVoter> voters(4, {.accuracy = .75, .votes = 1});
  voters.push_back({.accuracy = .97, .votes = .9, .only = 1});
  const VoteTable table = made_table(voters, 2, 8000);
  FitOptions options;
  const FittedModel silent = method("one_coin").fit(table, options);
  options.informative_abstention = true;
  const FittedModel model = method("one_coin").fit(table, options);

  EXPECT_TRUE(model.abstentions_count);
  EXPECT_GT(model.propensities[4 * 2 + 1], .65);  // blurred by what the others leave open
  EXPECT_LT(model.propensities[4 * 2], .2);
  EXPECT_GT(share_right(table, model), share_right(table, silent) + .02);
  const std::vector<Vote> votes{{0, 0}};
  std::vector<double> without(2);
  std::vector<double> with(2);
  silent.posterior(votes, without);
  model.posterior(votes, with);
  double odds = model.prior[0] / model.prior[1];
  for (std::size_t m = 0; m < 5; ++m) {
    odds *= m == 0 ? model.propensities[0] / model.propensities[1]
                   : (1 - model.propensities[2 * m]) / (1 - model.propensities[2 * m + 1]);
  }
  odds *= model.voters[0].chance(2, 0, 0) / model.voters[0].chance(2, 1, 0);
  EXPECT_NEAR(with[0] / with[1], odds, 1e-9 * odds);
}

TEST(LabelModels, SayWhyThereIsNone) {
  const VoteTable two = table_of({{{0, 1, -1, -1}, 5}, {{1, 1, -1, -1}, 5}}, 2);
  EXPECT_EQ(method("one_coin").fit(two, {}).reason,
            "one_coin needs three voters with votes; there are two");
  const VoteTable one = table_of({{{0, -1, -1, -1}, 5}, {{1, -1, -1, -1}, 5}}, 2);
  for (const char* name : {"dawid_skene", "mace", "triplet", "metal"}) {
    EXPECT_EQ(method(name).fit(one, {}).reason,
              std::string{name} + " needs three voters with votes; there is one");
  }
  EXPECT_EQ(method("weighted_majority").fit(one, {}).reason, "");
  const VoteTable none = table_of({{{-1, -1, -1, -1}, 5}}, 2);
  for (const Method* each : methods()) {
    EXPECT_EQ(each->fit(none, {}).reason, "no item has a vote");
  }
  FitOptions options;
  options.max_numbers = 100;
  EXPECT_NE(method("dawid_skene").fit(small_table(false), options).reason, "");
  const VoteTable wide = made_table(std::vector<MadeVoter>(60, {.votes = .1}), 100, 300);
  EXPECT_EQ(method("metal").fit(wide, {}).reason,
            "metal holds a table of votes by votes: 60 voters x 100 classes are more than 5000");
}

TEST(LabelModels, RefuseOptionsThatDoNotFit) {
  FitOptions options;
  options.parameters = {{"speed", 3}};
  EXPECT_THROW(method("one_coin").fit(small_table(false), options), Error);
  FitOptions shares;
  shares.prior = {.5, .5};
  EXPECT_THROW(method("one_coin").fit(small_table(false), shares), Error);
  FitOptions weights;
  weights.voter_weights = {1, 1, 1};
  EXPECT_THROW(method("one_coin").fit(small_table(false), weights), Error);
}

}  // namespace
}  // namespace kith::label_model
