#include "kith/ensemble/ensemble.hpp"

#include <cmath>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "kith/comm/collectives.hpp"
#include "kith/core/error.hpp"
#include "kith/ensemble/disagreement.hpp"

#include "support/mpi_world.hpp"

namespace kith::ensemble {
namespace {

using propagate::NodeSeed;
using test::world;

std::vector<NodeSeed> make_seeds(int per_class, int num_classes) {
  std::vector<NodeSeed> seeds;
  for (int i = 0; i < per_class * num_classes; ++i) {
    seeds.push_back({Position{7 * i + 3}, Label{i % num_classes}, 1.0F});
  }
  return seeds;
}

TEST(Folds, ShareEveryClassEvenlyAndHoldEachSeedOutOnce) {
  EnsembleConfig config;
  config.folds = 5;
  std::map<std::pair<Label, int>, int> counts;
  std::map<int, int> sizes;
  for (const FoldedSeed& entry : deal_folds(make_seeds(11, 4), {}, config)) {
    ASSERT_GE(entry.fold, 0);
    ASSERT_LT(entry.fold, 5);
    ++counts[{entry.seed.label, entry.fold}];
    ++sizes[entry.fold];
  }
  for (const auto& [key, count] : counts) {
    EXPECT_GE(count, 2);
    EXPECT_LE(count, 3);
  }
  for (const auto& [fold, size] : sizes) {
    EXPECT_GE(size, 8);
    EXPECT_LE(size, 9);
  }
}

TEST(Folds, NeverHoldOutTheOnlySeedOfAClass) {
  std::vector<NodeSeed> seeds = make_seeds(4, 2);
  seeds.push_back({Position{1000}, Label{2}, 1.0F});
  for (const FoldedSeed& entry : deal_folds(seeds, {}, EnsembleConfig{})) {
    EXPECT_EQ(entry.fold < 0, entry.seed.label == Label{2});
  }
}

TEST(Folds, NeverHoldOutSoftSeeds) {
  std::vector<NodeSeed> seeds = make_seeds(6, 2);
  seeds.push_back({Position{3}, Label{1}, 0.3F});  // node 3 has label 0 too
  const std::vector<Position> soft{Position{3}};
  int held_out = 0;
  for (const FoldedSeed& entry : deal_folds(seeds, soft, EnsembleConfig{})) {
    EXPECT_EQ(entry.fold < 0, entry.seed.node == Position{3});
    held_out += entry.fold >= 0 ? 1 : 0;
  }
  EXPECT_EQ(held_out, static_cast<int>(seeds.size()) - 2);
}

TEST(Folds, KeepTheLabelsOfOneNodeTogether) {
  std::vector<NodeSeed> seeds = make_seeds(6, 2);
  seeds.push_back({Position{3}, Label{1}, 2.0F});  // node 3 has label 0 too
  std::set<int> folds;
  for (const FoldedSeed& entry : deal_folds(seeds, {}, EnsembleConfig{})) {
    if (entry.seed.node == Position{3}) {
      folds.insert(entry.fold);
    }
  }
  EXPECT_EQ(folds.size(), 1U);
}

TEST(Tasks, TrainOnTheComplementAndWatchTheFold) {
  EnsembleConfig config;
  config.members = default_members();
  const auto folded = deal_folds(make_seeds(10, 3), {}, config);

  const auto tasks = make_tasks(folded, config.members, config, 3);

  ASSERT_EQ(tasks.size(), config.members.size() * 6);
  for (std::size_t t = 0; t < tasks.size(); ++t) {
    const int fold = static_cast<int>(t / config.members.size()) - 1;
    std::set<Position> held_out;
    for (const FoldedSeed& entry : folded) {
      if (fold >= 0 && entry.fold == fold) {
        held_out.insert(entry.seed.node);
      }
    }
    EXPECT_EQ(std::set<Position>(tasks[t].watched.begin(), tasks[t].watched.end()), held_out);
    std::map<Label, float> weights;
    for (const NodeSeed& seed : tasks[t].seeds) {
      EXPECT_FALSE(held_out.contains(seed.node));
      weights[seed.label] += seed.weight;
    }
    std::map<Label, float> expected;
    for (const FoldedSeed& entry : folded) {
      expected[entry.seed.label] += fold >= 0 && entry.fold == fold ? 0.0F : 1.0F;
    }
    EXPECT_EQ(weights, expected) << "a resample keeps the number of draws of each class";
  }
  EXPECT_LT(tasks[6].seeds.size(), tasks[1].seeds.size()) << "a resample leaves some seeds out";
}

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
  graph::KnnLists lists{1, {}, {}};
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

TEST(Consensus, IsTheWeightedMeanAndDisagreementIsNot) {
  const graph::Graph graph = make_row();
  const std::vector<Member> members{make_member({0.9F, 0.1F, 0.6F, 0.4F, 0, 0, 0.5F, 0.5F}, 3),
                                    make_member({0.1F, 0.9F, 0.6F, 0.4F, 0, 0, 0.5F, 0.5F}, 1)};
  const std::vector<FoldedSeed> seeds{{{Position{3}, Label{1}, 1.0F}, 0}};
  const std::vector<float> distances(to_size(graph.num_owned()), 1.0F);
  EnsembleConfig config;
  config.class_mass = ClassMass::none;
  config.auto_probability = 0.65;

  const Consensus consensus = form_consensus(graph, members, {seeds, distances, 1.0, 2}, config);

  if (world().is_root()) {
    EXPECT_NEAR(consensus.probabilities[0], 0.7, 1e-6);
    EXPECT_EQ(consensus.statuses[0], Status::automatic);
    EXPECT_NEAR(consensus.vote_entropy[0], std::log(2.0), 1e-6);
    const double h = -0.9 * std::log(0.9) - 0.1 * std::log(0.1);
    EXPECT_NEAR(consensus.bald[0], std::log(2.0) - h, 1e-6);
    EXPECT_NEAR(consensus.margin[0], 0.4, 1e-6);
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
  config.class_mass = ClassMass::none;
  config.abstain_probability = 0.6;
  config.auto_probability = 0.85;

  const Consensus consensus = form_consensus(graph, members, {{}, distances, 1.0, 2}, config);

  if (world().is_root()) {
    EXPECT_EQ(consensus.statuses[0], Status::outlier);
    EXPECT_EQ(consensus.statuses[1], Status::abstain);
    EXPECT_TRUE(consensus.labels[1].is_none());
    EXPECT_EQ(consensus.best[1], Label{0});
    EXPECT_EQ(consensus.statuses[2], Status::automatic);
  }
}

TEST(Consensus, BalancesItsClassesTowardsThePrior) {
  const graph::Graph graph = make_row();
  const std::vector<Member> members{
      make_member({0.6F, 0.4F, 0.55F, 0.45F, 0.7F, 0.3F, 0.52F, 0.48F}, 1)};
  const std::vector<FoldedSeed> seeds{{{Position{100}, Label{0}, 1.0F}, 0},
                                      {{Position{101}, Label{1}, 1.0F}, 1}};
  const std::vector<float> distances(to_size(graph.num_owned()), 1.0F);

  const Consensus consensus =
      form_consensus(graph, members, {seeds, distances, 1.0, 2}, EnsembleConfig{});

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
  config.class_mass = ClassMass::none;
  std::vector<FoldedSeed> never_held_out = seeds;  // so that nothing is calibrated
  never_held_out[0].fold = -1;
  const Consensus consensus =
      form_consensus(graph, members, {never_held_out, distances, 1.0, 3}, config);
  const HeldOutPredictions held_out = predict_held_out(seeds, members, consensus.class_factors);

  const Disagreement found = measure_disagreement(graph, members, seeds, consensus, held_out);

  if (world().is_root()) {
    EXPECT_NEAR(found.consensus_entropy[0], 0.972952, 1e-6);
    EXPECT_NEAR(consensus.bald[0], 0.091915, 1e-6);
    EXPECT_NEAR(found.kl_max[0], 0.123899, 1e-6);
    EXPECT_NEAR(found.surprise[1], 0.123899, 1e-6);
    EXPECT_NEAR(found.variation_ratio[0], 1.0 / 3, 1e-6);
    EXPECT_NEAR(found.pair_agreement[0], 1.0 / 3, 1e-6);
    EXPECT_NEAR(found.flip_rate[0], 0.5, 1e-6);  // of the two bootstraps one votes otherwise
    EXPECT_NEAR(found.quality[0], (0.566667 - 0.266667 + 1) / 2, 1e-6);
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

  const HeldOutPredictions held_out =
      predict_held_out(seeds, std::vector{member, member}, std::vector{1.0, 1.0});
  std::vector<FoldedSeed> reversed = seeds;  // other labels in fold 0 change nothing for fold 0
  for (int i = 0; i < 4; ++i) {
    reversed[to_size(i)].seed.label = Label{1 - i % 2};
  }
  const HeldOutPredictions other =
      predict_held_out(reversed, std::vector{member, member}, std::vector{1.0, 1.0});

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

/// 200 nodes on a line, all on this rank's share, whose class-0 probability falls from 0.95 to
/// 0.45.
graph::Graph make_line(int count) {
  std::vector<Position> first;
  for (int rank = 0; rank <= world().size(); ++rank) {
    first.emplace_back(Count{count} * rank / world().size());
  }
  graph::KnnLists lists{1, {}, {}};
  for (Count i = first[to_size(world().rank())].value();
       i < first[to_size(world().rank()) + 1].value(); ++i) {
    lists.neighbors.emplace_back(i + 1 < count ? i + 1 : i - 1);
    lists.distances.push_back(1);
  }
  return graph::build_graph(world(), first, lists, graph::GraphConfig{});
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
  const std::vector<FoldedSeed> seeds{{{Position{1000}, Label{0}, 1.0F}, 0},
                                      {{Position{1001}, Label{1}, 1.0F}, 1}};
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

/// Seeds are even, the corpus is not: 80 % of the rows are as class 0's rows are.
TEST(Prior, IsEstimatedFromTheMembersProbabilities) {
  constexpr int kCount = 1000;
  const graph::Graph graph = make_line(kCount);
  Member member;
  member.output = {true, {1.0, 1.0}, 1.0};
  member.scores = LabelRows<float>{2, 2};
  for (Count i = graph.owned().begin.value(); i < graph.owned().end.value(); ++i) {
    const float p = i % 10 < 5 ? 0.9F : 0.3F;  // the golden case of Saerens et al.: 13/16
    member.scores.values.insert(member.scores.values.end(), {p, 1 - p});
  }
  const std::vector<FoldedSeed> seeds{{{Position{5000}, Label{0}, 1.0F}, 0},
                                      {{Position{5001}, Label{1}, 1.0F}, 1}};
  const std::vector<float> distances(to_size(graph.num_owned()), 1.0F);
  EnsembleConfig config;
  config.prior = "estimated";

  const Consensus consensus =
      form_consensus(graph, std::vector{member}, {seeds, distances, 1.0, 2}, config);

  // Normalization multiplies class 0 by its prior over its mass, 13/16 over 0.6.
  EXPECT_NEAR(consensus.class_factors[0], 0.8125 / 0.6, 1e-3);
}

TEST(Prior, RefusesWhatIsNoListOfShares) {
  const auto message = [](const char* prior, int num_classes) {
    EnsembleConfig config;
    config.prior = prior;
    try {
      validate_prior(config, num_classes);
    } catch (const Error& error) {
      return std::string{error.what()};
    }
    return std::string{};
  };
  EXPECT_EQ(message("0.2,0.8", 2), "");
  EXPECT_EQ(message("seeds", 2), "");
  EXPECT_TRUE(message("1,,1", 2).starts_with("ensemble.prior = 1,,1, must be"));
  EXPECT_TRUE(message("0.2, 0.8,", 2).starts_with("ensemble.prior = 0.2, 0.8,, must be"));
  EXPECT_EQ(message("0.2,0.8", 3), "ensemble.prior has 2 shares, but there are 3 classes");
  EXPECT_EQ(
      message("even", 0),
      "ensemble.prior = even, must be seeds | uniform | estimated | a share for each class, 0 or "
      "1e-09..1000000000, separated by commas");
  EXPECT_EQ(message("0,0", 0), "ensemble.prior = 0,0: no class has a share");
}

TEST(Validate, NamesTheMemberAndWhatIsExpected) {
  EnsembleConfig config;
  config.members = default_members();
  EXPECT_NO_THROW(validate(config));
  config.members[3].class_mass = ClassMass::normalize;
  try {
    validate(config);
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(
        error.what(),
        "member.poisson.class_mass = normalize, but poisson balances its classes by itself: "
        "use none or volume");
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

TEST(Validate, KnowsWhatEachMethodTakes) {
  const auto message = [](auto&& change) {
    EnsembleConfig config;
    config.members = {MemberConfig{}};
    config.members[0].name = "m";
    change(config.members[0].solver);
    try {
      validate(config);
    } catch (const Error& error) {
      return std::string{error.what()};
    }
    return std::string{};
  };
  using propagate::SolverConfig;
  EXPECT_EQ(message([](SolverConfig& s) {
              s.method = &propagate::method("adsorption");
              s.solver = propagate::Solver::conjugate_gradient;
            }),
            "member.m.solver = conjugate_gradient, which cannot solve adsorption: use sweeps");
  EXPECT_EQ(message([](SolverConfig& s) {
              s.method = &propagate::method("walk");
              s.parameters["seed_trust"] = 0.5;
            }),
            "member.m.seed_trust = 0.5, which walk does not take");
  EXPECT_EQ(message([](SolverConfig& s) {
              s.method = &propagate::method("adsorption");
              s.parameters["continuation"] = 0;
            }),
            "member.m.continuation = 0, must be in 1e-06..1000000");
  EXPECT_EQ(message([](SolverConfig& s) { s.method = &propagate::method("wnll"); }), "");
}

}  // namespace
}  // namespace kith::ensemble
