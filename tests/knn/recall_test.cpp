// What a graph finds, as it is expected and measured.
#include "kith/knn/recall.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kith/cells/probes.hpp"
#include "kith/comm/agree.hpp"
#include "kith/core/error.hpp"
#include "kith/core/parallel.hpp"
#include "kith/distance/target.hpp"
#include "kith/knn/knn.hpp"
#include "kith/knn/pilot.hpp"

#include "knn/made_shard.hpp"
#include "knn/whole_lists.hpp"
#include "support/mpi_world.hpp"

namespace kith::knn {
namespace {

using test::Alone;
using test::Dealing;
using test::gather;
using test::MadeCorpus;
using test::make_shard;
using test::share_found;
using test::world;

MadeCorpus corpus_for_pilots() {
  MadeCorpus corpus;
  corpus.num_nodes = 1500;
  corpus.num_cells = 60;
  corpus.num_probes = 16;
  corpus.dim = 12;
  return corpus;
}

TEST(Pilot, ChoosesWhatReachesTheTarget) {
  const MadeCorpus corpus = corpus_for_pilots();
  double last_recall = 0;
  for (const double target : {0.5, 0.8, 0.95}) {
    EffortConfig config;
    config.recall = target;
    cells::Shard shard = make_shard(world(), corpus);

    const Effort effort = choose_effort(shard, 10, config);

    cells::find_probes(shard, effort.probes);
    const auto lists = build_neighbors(shard, {10, effort.refine_rounds, "cells", 0}).lists;
    const RecallEstimate recall = measure_recall(shard, lists, corpus.num_nodes, 1);
    EXPECT_TRUE(effort.reaches_goal);
    EXPECT_GE(recall.recall, target)
        << effort.probes << " probes, " << effort.refine_rounds << " rounds, expected "
        << effort.recall << " +- " << effort.error << ", scan " << effort.scan_recall;
    EXPECT_NEAR(recall.recall, effort.recall, 0.04) << "target " << target;
    EXPECT_GE(recall.recall, last_recall);
    last_recall = recall.recall;
  }
}

TEST(Pilot, IsTheSameForAnyNumberOfRanks) {
  const MadeCorpus corpus = corpus_for_pilots();
  const Alone alone{corpus};
  const cells::Shard shard = make_shard(world(), corpus, Dealing::all_to_last);

  const Effort effort = choose_effort(shard, 8, {});
  const Effort expected = choose_effort(alone.shard(), 8, {});

  EXPECT_EQ(effort.probes, expected.probes);
  EXPECT_EQ(effort.refine_rounds, expected.refine_rounds);
  EXPECT_EQ(effort.recall, expected.recall);
  EXPECT_EQ(effort.error, expected.error);
  EXPECT_EQ(effort.num_samples, expected.num_samples);
}

TEST(Pilot, LeavesKnobsThatAreSet) {
  const cells::Shard shard = make_shard(world(), corpus_for_pilots());
  EffortConfig config;
  config.probes = 5;
  EXPECT_EQ(choose_effort(shard, 10, config).probes, 5);
  config.refine_rounds = 2;
  const Effort given = choose_effort(shard, 10, config);
  EXPECT_EQ(given.probes, 5);
  EXPECT_EQ(given.refine_rounds, 2);
  EXPECT_EQ(given.num_samples, 0) << "nothing is left to try";
  config.probes = 0;
  config.refine_rounds = 0;
  EXPECT_EQ(choose_effort(shard, 10, config).refine_rounds, 0);
}

TEST(Pilot, SaysWhenTheTargetIsOutOfReach) {
  const cells::Shard shard = make_shard(world(), corpus_for_pilots());
  EffortConfig config;
  config.recall = 1;
  config.probes = 1;

  const Effort effort = choose_effort(shard, 10, config);

  EXPECT_FALSE(effort.reaches_goal);
  EXPECT_LT(effort.recall, 1);
  EXPECT_EQ(effort.probes, 1);
}

TEST(Recall, EqualsTheShareFoundByBruteForce) {
  MadeCorpus corpus;
  corpus.num_probes = 2;
  const cells::Shard shard = make_shard(world(), corpus);
  const NeighborLists lists = build_neighbors(shard, {10, 0, "cells", 0}).lists;
  const double expected = share_found(gather(lists), Alone{corpus}.all(10));
  const RecallEstimate estimate = measure_recall(shard, lists, corpus.num_nodes, 5);
  EXPECT_EQ(estimate.num_items, corpus.num_nodes);
  EXPECT_EQ(estimate.pairs, corpus.num_nodes * 10);
  EXPECT_DOUBLE_EQ(estimate.recall, expected);
  EXPECT_LT(estimate.recall, 0.999);
  EXPECT_LT(estimate.low, estimate.recall);
  EXPECT_GT(estimate.high, estimate.recall);
}

TEST(Recall, IsTheSameForAnyNumberOfRanks) {
  MadeCorpus corpus;
  corpus.num_probes = 2;
  const Alone alone{corpus};
  const cells::Shard shard = make_shard(world(), corpus);
  const KnnConfig config{10, 0, "cells", 0};
  const auto estimate = measure_recall(shard, build_neighbors(shard, config).lists, 100, 7);
  const auto expected = measure_recall(alone.shard(), alone.build(config), 100, 7);
  EXPECT_EQ(estimate.hits, expected.hits);
  EXPECT_EQ(estimate.num_items, expected.num_items);
  EXPECT_EQ(estimate.low, expected.low);
  EXPECT_NEAR(static_cast<double>(estimate.num_items), 100, 40);
}

TEST(Recall, IsOneForExactLists) {
  const cells::Shard shard = make_shard(world(), {});
  const auto lists = build_neighbors(shard, {10, 0, "exact", 0}).lists;
  const RecallEstimate estimate = measure_recall(shard, lists, 200, 3);
  EXPECT_EQ(estimate.recall, 1);
  EXPECT_EQ(estimate.high, 1);
  EXPECT_GT(estimate.low, 0.95);
}

}  // namespace
}  // namespace kith::knn
