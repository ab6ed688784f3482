#include "kith/qa/voters.hpp"

#include <algorithm>

#include <gmock/gmock.h>

namespace kith::qa {
namespace {

using label_model::Vote;
using label_model::VoteRow;
using label_model::VoteTable;
using testing::DoubleNear;
using testing::ElementsAre;

constexpr double kClose = 1e-12;

VoteRow row_of(std::vector<int> votes, int known = -1, int gold = -1) {
  VoteRow row{{}, known, gold};
  for (std::size_t m = 0; m < votes.size(); ++m) {
    if (votes[m] >= 0) {
      row.votes.push_back({static_cast<std::int32_t>(m), votes[m]});
    }
  }
  return row;
}

/// The example in the documentation of Snorkel's LFAnalysis.
VoteTable snorkel_table() {
  return label_model::make_vote_table(
      3, 2,
      std::vector{row_of({-1, 0, 0}), row_of({-1, -1, -1}), row_of({1, 0, -1}), row_of({-1, 0, -1}),
                  row_of({0, 0, 0})});
}

/// The posterior of a majority: shares of the votes, even without votes.
void majority(std::span<const Vote> votes, std::span<double> shares) {
  std::fill(shares.begin(), shares.end(), votes.empty() ? 1.0 : 0.0);
  for (const Vote& vote : votes) {
    shares[to_size(vote.label)] += 1;
  }
}

TEST(Voters, AreCountedAsSnorkelCountsThem) {
  const VoteStatistics all = measure_voters(snorkel_table(), Truth::known);

  EXPECT_THAT(all.share(all.num_covered), DoubleNear(0.8, kClose));
  EXPECT_THAT(all.share(all.num_overlaps), DoubleNear(0.6, kClose));
  EXPECT_THAT(all.share(all.num_conflicts), DoubleNear(0.2, kClose));
  const auto shares = [&](Count VoterStatistics::*count) {
    std::vector<double> of_voters;
    for (const VoterStatistics& voter : all.voters) {
      of_voters.push_back(all.share(voter.*count));
    }
    return of_voters;
  };
  EXPECT_THAT(
      shares(&VoterStatistics::num_votes),
      ElementsAre(DoubleNear(0.4, kClose), DoubleNear(0.8, kClose), DoubleNear(0.4, kClose)));
  EXPECT_THAT(
      shares(&VoterStatistics::num_overlaps),
      ElementsAre(DoubleNear(0.4, kClose), DoubleNear(0.6, kClose), DoubleNear(0.4, kClose)));
  EXPECT_THAT(
      shares(&VoterStatistics::num_conflicts),
      ElementsAre(DoubleNear(0.2, kClose), DoubleNear(0.2, kClose), DoubleNear(0.0, kClose)));
}

TEST(Voters, KnowWhatTheyVoteAlone) {
  const VoteStatistics all = measure_voters(snorkel_table(), Truth::known);

  EXPECT_THAT(all.items_by_votes, ElementsAre(1, 1, 2, 1, 0, 0, 0, 0, 0, 0, 0));
  EXPECT_EQ(all.voters[1].num_alone, 1);
  EXPECT_EQ(all.voters[0].num_alone, 0);
  EXPECT_THAT(all.voters[0].votes_by_class, ElementsAre(1, 1));
  EXPECT_THAT(all.voters[1].votes_by_class, ElementsAre(4, 0));
}

TEST(Voters, ConflictOnAnItemIsNotContradiction) {
  // Voters 0 and 1 agree; only 2 differs from both.
  const VoteStatistics all = measure_voters(
      label_model::make_vote_table(3, 2, std::vector{row_of({1, 1, 0})}), Truth::known);

  EXPECT_EQ(all.voters[0].num_conflicts, 1);
  EXPECT_EQ(all.voters[0].num_contradicted, 1);
  const VoteStatistics pair =
      measure_voters(label_model::make_vote_table(2, 2, std::vector{row_of({1, 1})}), Truth::known);
  EXPECT_EQ(pair.voters[0].num_contradicted, 0);
}

TEST(Voters, AreMeasuredAgainstTheTruthThatIsAskedFor) {
  const VoteTable table = label_model::make_vote_table(
      1, 2,
      std::vector{row_of({1}, 1, 0), row_of({1}, 1, 1), row_of({0}, 0, -1), row_of({0}, -1, 1),
                  row_of({-1}, 1, 1)});

  const VoterStatistics on_known = measure_voters(table, Truth::known).voters[0];
  const VoterStatistics on_gold = measure_voters(table, Truth::gold).voters[0];

  EXPECT_EQ(on_known.accuracy.successes, 3);
  EXPECT_EQ(on_known.accuracy.trials, 3);
  EXPECT_EQ(on_gold.accuracy.successes, 1);
  EXPECT_EQ(on_gold.accuracy.trials, 3);
  EXPECT_EQ(on_gold.precision[1].successes, 1);
  EXPECT_EQ(on_gold.precision[1].trials, 2);
  EXPECT_EQ(on_gold.precision[0].successes, 0);
}

TEST(Voters, DecideItemsWhoseLabelChangesWithoutThem) {
  const VoteTable table = label_model::make_vote_table(
      3, 2,
      std::vector{row_of({1, -1, -1}),    // without voter 0 there is no label
                  row_of({1, 1, 0}),      // without 0 or 1 a tie: class 0
                  row_of({1, 1, 1}),      // nobody decides
                  row_of({0, -1, -1})});  // no label, whatever class the prior would say

  EXPECT_THAT(changes_without(table, majority), ElementsAre(3, 1, 0));
}

TEST(Voters, WithoutItemsHaveNoShares) {
  const VoteStatistics all = measure_voters(label_model::make_vote_table(2, 2, {}), Truth::gold);

  EXPECT_EQ(all.num_items, 0);
  EXPECT_EQ(all.share(all.num_covered), 0);
  EXPECT_FALSE(all.voters[0].accuracy.value);
}

}  // namespace
}  // namespace kith::qa
