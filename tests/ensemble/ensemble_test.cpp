#include "kith/ensemble/ensemble.hpp"

#include <cmath>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "kith/comm/collectives.hpp"
#include "kith/core/error.hpp"
#include "kith/ensemble/disagreement.hpp"

#include "ensemble/line_graph.hpp"
#include "support/mpi_world.hpp"

namespace kith::ensemble {
namespace {

using kith::test::world;
using propagate::NodeSeed;
using test::make_line;

TEST(CalibratedOutput, TurnsScoresIntoProbabilities) {
  const CalibratedOutput plain{true, {1.0, 1.0}, 1.0};
  std::vector<double> p(2);
  const std::vector<float> scores{0.75F, 0.25F};
  const Candidates both{2};
  EXPECT_TRUE(plain.probabilities(dense_row<float>(scores), both, p));
  EXPECT_NEAR(p[0], 0.75, 1e-9);
  const CalibratedOutput balanced{true, {1.0, 3.0}, 1.0};
  EXPECT_TRUE(balanced.probabilities(dense_row<float>(scores), both, p));
  EXPECT_NEAR(p[0], 0.5, 1e-9);
  const CalibratedOutput sharp{true, {1.0, 1.0}, 0.5};
  EXPECT_TRUE(sharp.probabilities(dense_row<float>(scores), both, p));
  EXPECT_NEAR(p[0], 0.9, 1e-9);
  const CalibratedOutput potential{false, {2.0, 2.0}, 1.0};
  const std::vector<float> potentials{0.5F, -0.5F};
  EXPECT_TRUE(potential.probabilities(dense_row<float>(potentials), both, p));
  EXPECT_NEAR(p[0], 1 / (1 + std::exp(-2.0)), 1e-9);
  const std::vector<float> nothing{0.0F, 0.0F};
  EXPECT_FALSE(plain.probabilities(dense_row<float>(nothing), both, p)) << "no label came";
}

/// A graph of four nodes in a row, all on rank 0.
graph::Graph make_row() {
  std::vector<Position> first(to_size(world().size()) + 1, Position{4});
  first[0] = Position{0};
  NeighborLists lists{1, {}, {}};
  if (world().is_root()) {
    lists.neighbors = {Position{1}, Position{2}, Position{3}, Position{2}};
    lists.distances = {1, 1, 1, 1};
  }
  return graph::build_graph(world(), first, lists, graph::GraphConfig{});
}

Member make_member(const std::vector<float>& scores, double weight, int num_classes = 2) {
  Member member;
  member.config.weight = weight;
  member.output = {true, {1.0, 1.0}, 1.0};
  if (world().is_root()) {
    member.scores = LabelRows<float>::dense(num_classes, scores);
  }
  return member;
}

TEST(Consensus, IsTheWeightedPoolAndDisagreementIsNot) {
  const graph::Graph graph = make_row();
  const std::vector<Member> members{make_member({0.9F, 0.1F, 0.6F, 0.4F, 0, 0, 0.5F, 0.5F}, 3),
                                    make_member({0.1F, 0.9F, 0.6F, 0.4F, 0, 0, 0.5F, 0.5F}, 1)};
  const std::vector<FoldedSeed> seeds{{{Position{3}, Label{1}, 1.0F}, -1},
                                      {{Position{100}, Label{0}, 1.0F}, -1}};
  const std::vector<float> distances(to_size(graph.num_owned()), 1.0F);
  EnsembleConfig config;
  config.auto_probability = 0.65;

  const Consensus consensus = form_consensus(graph, members, {seeds, distances, 1.0, 2}, config);

  if (world().is_root()) {
    EXPECT_NEAR(consensus.probabilities[0], 0.75, 1e-6);  // odds 9^0.75 (1/9)^0.25
    EXPECT_EQ(consensus.statuses[0], Status::review) << "nothing was held out: no promise";
    EXPECT_NEAR(consensus.vote_entropy[0], std::log(2.0), 1e-6);
    const double h = -0.9 * std::log(0.9) - 0.1 * std::log(0.1);
    EXPECT_NEAR(consensus.bald[0], std::log(2.0) - h, 1e-6);
    EXPECT_NEAR(consensus.margin[0], 0.5, 1e-6);
    EXPECT_EQ(consensus.statuses[1], Status::review);
    EXPECT_EQ(consensus.vote_entropy[1], 0);
    EXPECT_EQ(consensus.statuses[2], Status::unreachable);
    EXPECT_TRUE(consensus.labels[2].is_none());
    EXPECT_EQ(consensus.votes[4], -1);
    EXPECT_EQ(consensus.statuses[3], Status::seed);
    EXPECT_EQ(consensus.labels[3], Label{1});
  }
}

TEST(Consensus, SetsOutliersAndAbstentionsApart) {
  const graph::Graph graph = make_row();
  const std::vector<Member> members{
      make_member({0.9F, 0.1F, 0.55F, 0.45F, 0.9F, 0.1F, 0.9F, 0.1F}, 1)};
  std::vector<float> distances(to_size(graph.num_owned()), 1.0F);
  if (world().is_root()) {
    distances[0] = 5.0F;
  }
  EnsembleConfig config;
  config.abstain_probability = 0.6;
  config.auto_probability = 0.85;

  const Consensus consensus = form_consensus(graph, members, {{}, distances, 1.0, 2}, config);

  if (world().is_root()) {
    EXPECT_EQ(consensus.statuses[0], Status::outlier);
    EXPECT_EQ(consensus.statuses[1], Status::abstain);
    EXPECT_TRUE(consensus.labels[1].is_none());
    EXPECT_EQ(consensus.best[1], Label{0});
    EXPECT_EQ(consensus.statuses[2], Status::review);
  }
}

TEST(Consensus, BalancesItsClassesTowardsThePrior) {
  const graph::Graph graph = make_row();
  const std::vector<Member> members{
      make_member({0.6F, 0.4F, 0.55F, 0.45F, 0.7F, 0.3F, 0.52F, 0.48F}, 1)};
  const std::vector<FoldedSeed> seeds{{{Position{100}, Label{0}, 1.0F}, -1},
                                      {{Position{101}, Label{1}, 1.0F}, -1}};
  const std::vector<float> distances(to_size(graph.num_owned()), 1.0F);
  EnsembleConfig config;
  config.class_mass = ClassMass::normalize;

  const Consensus consensus = form_consensus(graph, members, {seeds, distances, 1.0, 2}, config);

  EXPECT_NEAR(consensus.class_factors[0], 0.5 * 4 / 2.37, 1e-6);  // the same on every rank
  if (world().is_root()) {
    const double expected[] = {0.5078, 0.4567, 0.6161, 0.4270};
    for (std::size_t node = 0; node < 4; ++node) {
      EXPECT_NEAR(consensus.distributions.values[2 * node], expected[node], 5e-5);
    }
    EXPECT_EQ(consensus.best[1], Label{1});
  }
}

TEST(Disagreement, OfThreeVotersOnOneItem) {
  const graph::Graph graph = make_row();
  std::vector<Member> members;
  const std::vector<std::vector<float>> said{
      {0.7F, 0.2F, 0.1F}, {0.4F, 0.5F, 0.1F}, {0.6F, 0.1F, 0.3F}};
  for (int m = 0; m < 3; ++m) {  // node 1: one class for all; node 2: nothing; node 3: a seed
    std::vector<float> scores = said[to_size(m)];
    scores.insert(scores.end(), {0.8F, 0.1F, 0.1F, 0, 0, 0, 0.1F, 0.8F, 0.1F});
    members.push_back(make_member(scores, 1, 3));
    members.back().output.factors = {1.0, 1.0, 1.0};
    members.back().config.bootstrap = m;
    members.back().held_out_scores = LabelRows<float>::dense(3, {0.2F, 0.5F, 0.3F});
  }
  const std::vector<FoldedSeed> seeds{{{Position{3}, Label{1}, 1.0F}, 0}};
  const std::vector<float> distances(to_size(graph.num_owned()), 1.0F);
  EnsembleConfig config;
  std::vector<FoldedSeed> never_held_out = seeds;  // so that nothing is fitted
  never_held_out[0].fold = -1;
  const Consensus consensus =
      form_consensus(graph, members, {never_held_out, distances, 1.0, 3}, config);
  const HeldOutPredictions held_out = predict_held_out(seeds, members);

  const Disagreement found = measure_disagreement(graph, members, seeds, consensus, held_out);

  if (world().is_root()) {
    EXPECT_NEAR(found.consensus_entropy[0], 0.972952, 1e-6);
    EXPECT_NEAR(consensus.bald[0], 0.091915, 1e-6);
    EXPECT_NEAR(found.kl_max[0], 0.123899, 1e-6);
    const double q[] = {0.605398, 0.236368, 0.158234};  // geometric means, scaled to sum 1
    EXPECT_NEAR(
        found.surprise[1],
        0.4 * std::log(0.4 / q[0]) + 0.5 * std::log(0.5 / q[1]) + 0.1 * std::log(0.1 / q[2]), 1e-5);
    EXPECT_NEAR(found.variation_ratio[0], 1.0 / 3, 1e-6);
    EXPECT_NEAR(found.pair_agreement[0], 1.0 / 3, 1e-6);
    EXPECT_NEAR(found.flip_rate[0], 0.5, 1e-6);  // of the two bootstraps one votes otherwise
    EXPECT_NEAR(found.quality[0], (q[0] - q[1] + 1) / 2, 1e-5);
    EXPECT_EQ(found.variation_ratio[1], 0);
    EXPECT_EQ(found.neighbor_agreement[0], 1);
    EXPECT_NEAR(found.neighbor_agreement[1], 0.5, 1e-6);  // node 0 has its class, node 2 none
    EXPECT_TRUE(std::isnan(found.quality[2]) && std::isnan(found.neighbor_agreement[2]));
    EXPECT_TRUE(std::isnan(found.surprise[7]) && std::isnan(found.pair_agreement[2]));
    EXPECT_NEAR(found.quality[3], (0.5 - 0.3 + 1) / 2, 1e-6);  // by members that had not seen it
  }
}

/// The output has the class mass of the member on all seeds; a fold's differs.
TEST(HeldOut, IsBalancedByTheClassMassOfItsFold) {
  const graph::Graph graph = make_row();
  const std::vector<FoldedSeed> seeds{{{Position{0}, Label{0}, 1.0F}, 0},
                                      {{Position{3}, Label{1}, 1.0F}, 1}};
  EnsembleConfig config;
  config.folds = 2;
  config.members.resize(1);
  std::vector<propagate::TaskResult> results(3);
  results[0].scores.assign(to_size(graph.num_owned()) * 2, 0.5F);
  results[0].class_mass = {2, 2};
  results[1].scores = {0.6F, 0.4F};  // of the seed of fold 0, where class 0 took most of the mass
  results[1].class_mass = {3, 1};
  results[2].scores = {0.6F, 0.4F};
  results[2].class_mass = {2, 2};

  for (const ClassMass class_mass : {ClassMass::normalize, ClassMass::none}) {
    config.members[0].class_mass = class_mass;
    const Member member = join_results(graph, seeds, results, config, 2)[0];

    const float first = class_mass == ClassMass::normalize ? 0.4F : 0.6F;   // 0.6 (4/3) / (4/2)
    const float second = class_mass == ClassMass::normalize ? 0.8F : 0.4F;  // 0.4 (4/1) / (4/2)
    EXPECT_NEAR(member.held_out_scores.values[0], first, 1e-6);
    EXPECT_NEAR(member.held_out_scores.values[1], second, 1e-6);
    EXPECT_NEAR(member.held_out_scores.values[2], 0.6, 1e-6);
    EXPECT_NEAR(member.held_out_scores.values[3], 0.4, 1e-6);
  }
}

/// Two members that always agree. Of 40 seeds four are wrong, all in one fold.
TEST(HeldOut, IsJudgedAtTemperaturesThatDoNotKnowTheSeed) {
  std::vector<FoldedSeed> seeds;
  Member member;
  member.output = {true, {1.0, 1.0}, 1.0};
  member.held_out_scores = LabelRows<float>{2, 2};
  for (int i = 0; i < 40; ++i) {
    const int label = i % 2;
    const float given = i < 4 ? 0.3F : 0.7F;  // fold 0 holds all four wrong ones
    seeds.push_back({{Position{i}, Label{label}, 1.0F}, i < 4 ? 0 : 1 + i % 3});
    member.held_out_scores.values.push_back(label == 0 ? given : 1 - given);
    member.held_out_scores.values.push_back(label == 0 ? 1 - given : given);
  }

  const HeldOutPredictions held_out = predict_held_out(seeds, std::vector{member, member});
  std::vector<FoldedSeed> reversed = seeds;  // other labels in fold 0 change nothing for fold 0
  for (int i = 0; i < 4; ++i) {
    reversed[to_size(i)].seed.label = Label{1 - i % 2};
  }
  const HeldOutPredictions other = predict_held_out(reversed, std::vector{member, member});

  for (std::size_t i = 0; i < 8; ++i) {
    EXPECT_EQ(held_out.probabilities.values[i], other.probabilities.values[i]);
    EXPECT_EQ(held_out.member_probabilities[0].values[i], other.member_probabilities[0].values[i]);
  }
  EXPECT_NE(held_out.probabilities.values[8], other.probabilities.values[8]);
  EXPECT_GT(held_out.probabilities.values[1],
            0.95);  // without fold 0 all seeds are right: sharpened
  EXPECT_LT(held_out.probabilities.values[8], 0.95);
  EXPECT_GT(held_out.probabilities.values[8], 0.7);
  EXPECT_NEAR(held_out.raw_probabilities[0].values[8], 0.7, 1e-6);
}

TEST(ClassMassOfTheConsensus, GivesClassesTheirNumberOfItems) {
  constexpr int kCount = 200;
  const graph::Graph graph = make_line(kCount);
  Member member;
  member.output = {true, {1.0, 1.0}, 1.0};
  member.scores = LabelRows<float>{2, 2};
  for (Count i = graph.owned().begin.value(); i < graph.owned().end.value(); ++i) {
    const auto p = static_cast<float>(0.95 - 0.5 * static_cast<double>(i) / kCount);
    member.scores.values.insert(member.scores.values.end(), {p, 1 - p});
  }
  const std::vector<FoldedSeed> seeds{{{Position{1000}, Label{0}, 1.0F}, -1},
                                      {{Position{1001}, Label{1}, 1.0F}, -1}};
  const std::vector<float> distances(to_size(graph.num_owned()), 1.0F);
  for (const ClassMass class_mass : {ClassMass::bidding, ClassMass::volume}) {
    for (const auto& [prior, share] : {std::pair{"uniform", 0.5}, std::pair{"0.3, 0.7", 0.3}}) {
      EnsembleConfig config;
      config.class_mass = class_mass;
      config.prior = prior;
      config.abstain_probability = 0;

      const Consensus consensus =
          form_consensus(graph, std::vector{member}, {seeds, distances, 1.0, 2}, config);

      Count zeros = 0;
      for (const Label label : consensus.best) {
        zeros += label == Label{0} ? 1 : 0;
      }
      zeros = comm::sum_over_ranks(world(), zeros);
      EXPECT_NEAR(static_cast<double>(zeros) / kCount, share, 0.0051)
          << to_string(class_mass) << " " << prior;
    }
  }
}

TEST(ExternalVoter, VotesGetTheProbabilityThatTheSeedsGiveThem) {
  constexpr int kClasses = 4;
  std::vector<FoldedSeed> seeds;
  ExternalVoter voter;
  voter.name = "rule";
  voter.on_seeds = LabelRows<float>{kClasses, kClasses};
  for (int i = 0; i < 18; ++i) {  // votes class 1: right on 12 of 16, silent on two
    seeds.push_back({{Position{i}, Label{i < 12 ? 1 : 2}, 1.0F}, 0});
    const std::vector<float> row{0.0F, i < 16 ? 1.0F : 0.0F, 0.0F, 0.0F};
    voter.on_seeds.append(dense_row<float>(row));
  }
  voter.scores = LabelRows<float>::dense(kClasses, {0.0F, 0.0F, 1.0F, 0.0F});
  const Member member = external_member(voter, seeds, kClasses, 2.0);
  std::vector<double> probabilities(kClasses);
  ASSERT_TRUE(member.output.probabilities(member.scores[0], Candidates{kClasses}, probabilities));
  EXPECT_NEAR(probabilities[2], 13.0 / 18.0, 1e-12);
  EXPECT_NEAR(probabilities[0], 5.0 / 18.0 / 3, 1e-12);
  EXPECT_EQ(member.config.weight, 2.0);
}

}  // namespace
}  // namespace kith::ensemble
