#include "ensemble/pool.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "ensemble/line_graph.hpp"
#include "support/mpi_world.hpp"

namespace kith::ensemble {
namespace {

using test::make_line;

/// 40 seeds a class of which one in ten has the other's row; the corpus has 4 of class 0 to 1.
struct UnevenCorpus {
  std::vector<FoldedSeed> seeds;
  Member member;

  explicit UnevenCorpus(const graph::Graph& graph) {
    member.output = {true, {1.0, 1.0}, 1.0};
    member.scores = LabelRows<float>{2, 2};
    member.held_out_scores = LabelRows<float>{2, 2};
    for (Count i = graph.owned().begin.value(); i < graph.owned().end.value(); ++i) {
      add(member.scores, i % 5 < 4 ? i % 9 != 0 : i % 11 == 0);
    }
    for (int i = 0; i < 80; ++i) {
      seeds.push_back({{Position{5000 + i}, Label{i % 2}, 1.0F}, i / 2 % 5});
      add(member.held_out_scores, (i % 2 == 0) != (i % 20 < 2));
    }
  }
  static void add(LabelRows<float>& rows, bool is_first) {
    const float p = is_first ? 0.9F : 0.1F;
    rows.values.insert(rows.values.end(), {p, 1 - p});
  }
};

TEST(Prior, IsEstimatedWhereSeedsWereDrawnByClass) {
  const graph::Graph graph = make_line(1000);
  const UnevenCorpus made{graph};
  const std::vector<float> distances(to_size(graph.num_owned()), 1.0F);
  const ConsensusInputs inputs{made.seeds, distances, 1.0, 2};

  const Consensus found = form_consensus(graph, std::vector{made.member}, inputs, {});

  EXPECT_EQ(found.shares.design, qa::SeedDesign::by_class);
  EXPECT_TRUE(found.shares.is_known);
  EXPECT_NEAR(found.shares.shares[0], 0.78, 0.03);
  EXPECT_LT(found.shares.interval(0).low, 0.75);
  EXPECT_GT(found.shares.interval(0).high, 0.8);
  EXPECT_NEAR(found.class_factors[0], found.shares.shares[0] / 0.5, 1e-9);
  EXPECT_NEAR(*found.accuracy.value, 0.9, 1e-9);  // both classes' recall
  EXPECT_FALSE(found.auto_threshold) << "72 of 80 do not promise 90 %";
  EnsembleConfig config;
  config.auto_probability = 0.8;
  config.seed_design = qa::SeedDesign::random;
  const Consensus other = form_consensus(graph, std::vector{made.member}, inputs, config);
  EXPECT_EQ(other.class_factors, (std::vector{1.0, 1.0}));
  EXPECT_TRUE(other.auto_threshold);
}

/// Soft seeds are never held out, though others of their classes are: they say nothing of accuracy.
TEST(Promises, SoftSeedsAreNeitherRightNorWrong) {
  const graph::Graph graph = make_line(1000);
  UnevenCorpus made{graph};
  for (int i = 0; i < 60; ++i) {
    made.seeds.push_back({{Position{6000 + i}, Label{i % 2}, 0.5F}, -1});
    made.member.held_out_scores.values.insert(made.member.held_out_scores.values.end(), {0, 0});
  }
  const std::vector<float> distances(to_size(graph.num_owned()), 1.0F);
  EnsembleConfig config;
  config.seed_design = qa::SeedDesign::random;

  const Consensus found =
      form_consensus(graph, std::vector{made.member}, {made.seeds, distances, 1.0, 2}, config);

  EXPECT_NEAR(*found.accuracy.value, 0.9, 1e-9);
}

/// What the user says of the corpus holds for promises too.
TEST(Promises, FollowGivenShares) {
  const graph::Graph graph = make_line(1000);
  const UnevenCorpus made{graph};
  const std::vector<float> distances(to_size(graph.num_owned()), 1.0F);
  EnsembleConfig config;
  config.prior = "0.9, 0.1";

  const Consensus found =
      form_consensus(graph, std::vector{made.member}, {made.seeds, distances, 1.0, 2}, config);

  EXPECT_EQ(found.shares.origin, qa::ShareOrigin::given);
  EXPECT_EQ(found.shares.shares, (std::vector{0.9, 0.1}));
  EXPECT_NEAR(found.class_factors[0], 0.9 / 0.5, 1e-9);
}

/// Members that say the same, and one that knows nothing.
TEST(Pool, CountsResamplesOnceAndTrustsWhatIsRight) {
  std::vector<Member> members(4);
  members[0].config.name = "a";
  members[1].config.name = "a-b1";
  members[1].config.bootstrap = 1;
  members[1].config.weight = 0.25;
  members[2].config.name = "b";
  members[2].config.solver.method = &propagate::method("harmonic");
  members[3].config.name = "c";
  members[3].config.solver.method = &propagate::method("wnll");
  const std::vector<double> expected{0.8 / 3, 0.2 / 3, 1.0 / 3, 1.0 / 3};
  std::vector<FoldedSeed> seeds;
  for (std::size_t m = 0; m < members.size(); ++m) {
    members[m].output = {true, {1.0, 1.0}, 1.0};
    members[m].held_out_scores = LabelRows<float>{2, 2};
    for (int i = 0; i < 60; ++i) {
      UnevenCorpus::add(members[m].held_out_scores,
                        m < 3 ? (i % 2 == 0) != (i % 10 == 3) : i % 4 < 2);
    }
  }
  for (int i = 0; i < 60; ++i) {
    seeds.push_back({{Position{i}, Label{i % 2}, 1.0F}, i % 5});
  }

  const std::vector<double> defaults = default_weights(members);
  const Pool pool = fit_pool(members, seeds);

  for (std::size_t m = 0; m < members.size(); ++m) {
    EXPECT_NEAR(defaults[m], expected[m], 1e-12);
  }
  EXPECT_GT(pool.pool.weights[2], 0.34);
  EXPECT_LT(pool.pool.weights[3], 0.33);
}

/// Of one column, what a silent member says is what the others say.
TEST(Pool, TakesASilentMemberAsTheOthers) {
  Pool pool;
  pool.outputs.assign(2, {true, {1.0, 1.0}, 1.0});
  pool.defaults = {0.5, 0.5};
  pool.pool.weights = {0.5, 0.5};
  PooledItem item{pool, 2};
  const std::vector<float> said{0.8F, 0.2F};
  const std::vector<float> silent{0.0F, 0.0F};
  EXPECT_TRUE(item.combine(std::vector{dense_row<float>(said), dense_row<float>(silent)}));
  EXPECT_NEAR(item.distribution()[0], 0.8, 1e-6);
  const std::vector<float> other{0.4F, 0.6F};
  EXPECT_TRUE(item.combine(std::vector{dense_row<float>(said), dense_row<float>(other)}));
  EXPECT_NEAR(item.log_without(1, Label{0}), std::log(0.8), 1e-6);
  EXPECT_NEAR(item.sureness(), 0.7, 1e-6);
  EXPECT_FALSE(item.combine(std::vector{dense_row<float>(silent), dense_row<float>(silent)}));
  EXPECT_EQ(item.distribution()[0], 0.5);
}

}  // namespace
}  // namespace kith::ensemble
