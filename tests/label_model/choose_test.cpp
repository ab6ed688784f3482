// Which model the data prefer, and voters that repeat others.
#include "kith/label_model/choose.hpp"

#include <gtest/gtest.h>

#include "kith/core/parallel.hpp"
#include "kith/label_model/correlated.hpp"

#include "label_model/made_tables.hpp"

namespace kith::label_model {
namespace {

using test::made_table;
using test::MadeVoter;

const Candidate& candidate(const Choice& choice, std::string_view method) {
  return *std::find_if(choice.candidates.begin(), choice.candidates.end(),
                       [&](const Candidate& each) { return each.method == method; });
}

/// Voters of two classes that miss most of class 1 and hardly ever say it wrongly.
VoteTable asymmetric_table(double known) {
  std::mt19937 bits{7};
  const auto uniform = [&] { return static_cast<double>(bits()) / 4294967296.0; };
  std::vector<VoteRow> rows;
  for (int item = 0; item < 6000; ++item) {
    VoteRow row;
    row.gold = item % 3 == 0 ? 1 : 0;
    row.known = uniform() < known ? row.gold : -1;
    for (std::int32_t m = 0; m < 6; ++m) {
      const double says_one = row.gold == 1 ? .35 + .05 * m : .03;
      row.votes.push_back({m, uniform() < says_one ? 1 : 0});
    }
    rows.push_back(row);
  }
  return make_vote_table(6, 2, rows);
}

TEST(Choice, TakesTablesWhereVotersConfuseClassesUnevenly) {
  const Choice by_votes = choose_method(asymmetric_table(0), {}, {});
  EXPECT_FALSE(by_votes.by_known);
  EXPECT_EQ(by_votes.items, 6000);
  EXPECT_EQ(by_votes.reference, "one_coin");
  EXPECT_GT(candidate(by_votes, "dawid_skene").gain,
            2 * candidate(by_votes, "dawid_skene").gain_error);
  EXPECT_TRUE(by_votes.method == "dawid_skene" || by_votes.method == "mace") << by_votes.why;
  EXPECT_NE(candidate(by_votes, "majority").reason, "");

  const Choice by_known = choose_method(asymmetric_table(.1), {}, {});
  EXPECT_TRUE(by_known.by_known);
  EXPECT_TRUE(by_known.method == "dawid_skene" || by_known.method == "mace") << by_known.why;
  EXPECT_GT(candidate(by_known, "majority").held_out, candidate(by_known, "dawid_skene").held_out);
}

TEST(Choice, StaysWithTheSimplestWhereVotersAreCoins) {
  std::vector<MadeVoter> voters;
  for (const double accuracy : {.9, .8, .7, .65, .6}) {
    voters.push_back({.accuracy = accuracy, .votes = .8});
  }
  const Choice choice = choose_method(made_table(voters, 4, 4000), {}, {});
  EXPECT_EQ(choice.method, "one_coin");
  EXPECT_EQ(choice.why,
            "no model predicts the held-out votes of 3996 items better than one_coin by more than "
            "two standard errors");
}

TEST(Choice, GainsNothingFromRulesForOneClass) {
  std::vector<MadeVoter> rules;
  for (int rule = 0; rule < 8; ++rule) {
    rules.push_back({.accuracy = .7, .votes = .4, .only = rule % 4});
  }
  const Choice choice = choose_method(made_table(rules, 4, 3000), {}, {});
  EXPECT_EQ(choice.method, "one_coin");
  EXPECT_NEAR(candidate(choice, "one_coin").held_out, 0, 1e-9);
  EXPECT_NEAR(candidate(choice, "metal").held_out, 0, 1e-9);
}

TEST(Choice, IsTheMajorityOfTwoVoters) {
  const VoteTable table = made_table({{.accuracy = .8}, {.accuracy = .8}}, 3, 300);
  EXPECT_EQ(choose_method(table, {}, {}).method, "majority");
}

std::vector<MadeVoter> independent_voters() {
  std::vector<MadeVoter> voters;
  for (const double accuracy : {.7, .75, .65, .8, .7, .6, .7}) {
    voters.push_back({.accuracy = accuracy, .votes = .8});
  }
  return voters;
}

TEST(CorrelatedVoters, FindsCopiesAndWeighsThemHalf) {
  std::vector<MadeVoter> voters = independent_voters();
  voters.push_back({.copies = 2});
  const VoteTable table = made_table(voters, 3, 5000);
  const CorrelatedVoters found = find_correlated(table, *find_method("one_coin"), {});
  ASSERT_EQ(found.groups.size(), 1U);
  EXPECT_EQ(found.groups[0].voters, (std::vector<std::int32_t>{2, 7}));
  ASSERT_EQ(found.groups[0].pairs.size(), 1U);
  EXPECT_DOUBLE_EQ(found.groups[0].pairs[0].agreement, 1);
  EXPECT_DOUBLE_EQ(found.groups[0].pairs[0].phi, 1);
  EXPECT_DOUBLE_EQ(found.weights[2], .5);
  EXPECT_DOUBLE_EQ(found.weights[7], .5);
  EXPECT_DOUBLE_EQ(found.weights[0], 1);
  EXPECT_DOUBLE_EQ(found.effective_voters, 7);
}

TEST(CorrelatedVoters, FindsNothingInIndependentOnesNorInRulesForOneClass) {
  std::vector<MadeVoter> voters = independent_voters();
  voters.push_back({.accuracy = .7, .votes = .5, .only = 1});
  voters.push_back({.accuracy = .7, .votes = .5, .only = 1});
  const VoteTable table = made_table(voters, 3, 5000);
  for (const char* name : {"one_coin", "dawid_skene", "mace"}) {
    EXPECT_TRUE(find_correlated(table, *find_method(name), {}).groups.empty()) << name;
  }
  EXPECT_EQ(find_correlated(table, *find_method("majority"), {}).reason,
            "the majority is no model of the voters");
}

/// Weights make the copies count as one voter.
TEST(CorrelatedVoters, WeightsRestoreTheAccuraciesOfTheOthers) {
  std::vector<MadeVoter> voters = independent_voters();
  voters.push_back({.copies = 5});
  voters.push_back({.copies = 5});
  const VoteTable table = made_table(voters, 3, 20000);
  const Method& one_coin = *find_method("one_coin");
  const FittedModel first = one_coin.fit(table, {});
  FitOptions options;
  options.voter_weights = find_correlated(table, one_coin, {}).weights;
  const FittedModel second = one_coin.fit(table, options);
  EXPECT_NEAR(options.voter_weights[5], 1.0 / 3, 1e-9);
  const auto error = [&](const FittedModel& model) {
    return std::abs(model.voters[5].expected_accuracy(model.prior) - .6);
  };
  EXPECT_LT(error(second), error(first));
}

}  // namespace
}  // namespace kith::label_model
