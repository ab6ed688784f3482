#include "kith/knn/knn.hpp"

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
#include "kith/knn/recall.hpp"

#include "knn/made_shard.hpp"
#include "knn/whole_lists.hpp"
#include "support/mpi_world.hpp"

namespace kith::knn {
namespace {

using test::Alone;
using test::build_on_world;
using test::Dealing;
using test::expect_same;
using test::gather;
using test::MadeCorpus;
using test::make_shard;
using test::share_found;
using test::world;

TEST(NeighborLists, AreExactWhenEveryCellIsProbed) {
  MadeCorpus corpus;
  corpus.num_probes = 13;
  const Alone alone{corpus};
  expect_same(build_on_world(corpus, {7, 1, "cells", 0}), alone.all(7), "cells");
}

TEST(NeighborLists, AreExactWithMethodExact) {
  for (const auto metric : {corpus::Metric::l2, corpus::Metric::inner_product}) {
    MadeCorpus corpus;
    corpus.metric = metric;
    corpus.dim = 24;
    const Alone alone{corpus};
    expect_same(build_on_world(corpus, {12, 0, "exact", 0}), alone.all(12),
                metric == corpus::Metric::l2 ? "l2" : "inner product");
  }
}

TEST(NeighborLists, AreAsGoodFarFromZero) {
  for (const double shift : {1e3, -3e6}) {  // there, differences are a few of a float's steps
    MadeCorpus corpus;
    corpus.shift = shift;
    const Alone alone{corpus};
    expect_same(build_on_world(corpus, {10, 0, "cells", 0}), alone.probed(10), "cells");
    expect_same(build_on_world(corpus, {10, 0, "exact", 0}), alone.all(10), "exact");
  }
}

TEST(NeighborLists, FollowTheInnerProductWhenAsked) {
  MadeCorpus corpus;
  corpus.metric = corpus::Metric::inner_product;
  corpus.num_probes = 13;
  const Alone alone{corpus};
  expect_same(build_on_world(corpus, {9, 1, "cells", 0}), alone.all(9), "inner product");
}

TEST(NeighborLists, AreTheSameForAnyRanksThreadsWavesAndDealing) {
  for (const Count dim : {5, 1536}) {
    MadeCorpus corpus;
    corpus.dim = dim;
    corpus.num_nodes = dim < 100 ? 400 : 200;
    corpus.num_cells = 31;
    corpus.num_probes = 3;
    const auto expected = Alone{corpus}.build({8, 2, "cells", 0});
    const Count cell_bytes = corpus.num_nodes / corpus.num_cells * dim * 8;
    for (const Count memory_bytes : {Count{0}, Count{1}, 6 * cell_bytes}) {
      const KnnConfig config{8, 2, "cells", memory_bytes};
      expect_same(build_on_world(corpus, config), expected, "even");
      expect_same(build_on_world(corpus, config, Dealing::all_to_last), expected, "last");
    }
    const int threads_before = num_threads();
    set_num_threads(3);
    expect_same(build_on_world(corpus, {8, 2, "cells", 0}), expected, "threads");
    set_num_threads(threads_before);
  }
}

TEST(NeighborLists, AreTheSameWhereverTheNodesEnd) {
  MadeCorpus corpus;
  corpus.num_cells = 31;
  corpus.num_probes = 3;
  for (const auto type : {distance::RowType::f32, distance::RowType::f16}) {
    corpus.type = type;
    const auto expected = Alone{corpus}.build({8, 2, "cells", 0});
    for (const int ranks_per_node : {1, 2}) {  // 0, all on one node, is what other tests run
      comm::set_ranks_per_node(ranks_per_node);
      for (const Count memory_bytes : {Count{0}, Count{1}, Count{20'000}}) {
        expect_same(build_on_world(corpus, {8, 2, "cells", memory_bytes}), expected,
                    fmt::format("{} ranks a node, {} bytes", ranks_per_node, memory_bytes));
      }
      comm::set_ranks_per_node(0);
    }
  }
}

TEST(NeighborLists, OfHalvesAreThoseOfTheFloatsTheyStandFor) {
  for (const auto metric : {corpus::Metric::l2, corpus::Metric::inner_product}) {
    MadeCorpus corpus;
    corpus.dim = 21;
    corpus.metric = metric;
    corpus.type = distance::RowType::f16;
    corpus.num_probes = 13;
    const Alone alone{corpus};
    expect_same(build_on_world(corpus, {10, 1, "cells", 0}), alone.all(10), "cells");
    expect_same(build_on_world(corpus, {10, 0, "exact", 0}), alone.all(10), "exact");
  }
}

TEST(NeighborLists, AreTheSameWithTheSmallestInstructionSet) {
  const std::string before = distance::target_name();
  MadeCorpus corpus;
  corpus.dim = 19;
  const auto expected = build_on_world(corpus, {8, 1, "cells", 0});
  distance::use_target(distance::available_targets().back());
  const auto lists = build_on_world(corpus, {8, 1, "cells", 0});
  distance::use_target(before);
  expect_same(lists, expected, "smallest target");
}

TEST(NeighborLists, AreFullWhenProbeCellsAreTooSmall) {
  MadeCorpus corpus;
  corpus.num_nodes = 60;
  corpus.num_cells = 20;
  corpus.num_probes = 1;
  const int k = 25;
  const cells::Shard shard = make_shard(world(), corpus);
  const KnnResult result = build_neighbors(shard, {k, 1, "cells", 0});
  const NeighborLists lists = gather(result.lists);
  const auto exact = Alone{corpus}.all(k);
  EXPECT_GT(result.stats.widened_nodes, 0);
  EXPECT_TRUE(std::none_of(lists.neighbors.begin(), lists.neighbors.end(),
                           [](Position node) { return node.is_none(); }));
  EXPECT_GT(share_found(lists, exact), 0.9);
}

TEST(NeighborLists, AreFullForTheLargestK) {
  MadeCorpus corpus;
  corpus.num_nodes = 30;
  expect_same(build_on_world(corpus, {29, 1, "cells", 0}), Alone{corpus}.all(29), "all others");
}

TEST(NeighborLists, RefuseKThatIsNotBelowTheNumberOfNodes) {
  MadeCorpus corpus;
  corpus.num_nodes = 30;
  const cells::Shard shard = make_shard(world(), corpus);
  try {
    static_cast<void>(build_neighbors(shard, {30, 1, "cells", 0}));
    ADD_FAILURE() << "nothing thrown";
  } catch (const comm::CollectiveError& error) {
    EXPECT_STREQ(error.what(), "knn.k = 30, must be below the number of distinct vectors, 30");
  }
}

TEST(KnnConfig, NamesTheFieldAtFault) {
  const auto message = [](const KnnConfig& config) -> std::string {
    try {
      validate(config);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(message({}), "");
  EXPECT_EQ(message({10, 1, "faiss:Flat", 0}), "");
  EXPECT_EQ(message({0, 1, "cells", 0}), "knn.k = 0, must be in 1..1024");
  EXPECT_EQ(message({10, -1, "cells", 0}), "knn.refine_rounds = -1, must be in 0..10");
  EXPECT_EQ(message({10, 1, "cells", -5}), "knn.memory_bytes = -5, must not be negative");
  EXPECT_EQ(message({10, 1, "faiss:", 0}),
            "knn.method = faiss:, must be cells, exact or faiss:<index_factory string>");
}

TEST(Refine, FindsMoreOfTheTrueNeighborsEachRound) {
  MadeCorpus corpus;
  corpus.num_nodes = 900;
  corpus.num_cells = 40;
  corpus.num_probes = 3;
  corpus.dim = 12;
  const auto exact = Alone{corpus}.all(10);
  double before = 0;
  for (int rounds = 0; rounds < 3; ++rounds) {
    const double share = share_found(build_on_world(corpus, {10, rounds, "cells", 0}), exact);
    EXPECT_GT(share, before + 0.001) << rounds;
    before = share;
  }
  EXPECT_GT(before, 0.85);
}

TEST(KnnStats, CountTheWorkOnceForAllRanks) {
  MadeCorpus corpus;
  const Alone alone{corpus};
  const KnnResult expected = build_neighbors(alone.shard(), {5, 1, "cells", 0});
  const cells::Shard shard = make_shard(world(), corpus);
  const KnnResult whole = build_neighbors(shard, {5, 1, "cells", 0});
  const KnnResult in_waves = build_neighbors(shard, {5, 1, "cells", 1});
  comm::set_ranks_per_node(1);
  const cells::Shard far = make_shard(world(), corpus);
  const KnnResult by_messages = build_neighbors(far, {5, 1, "cells", 0});
  comm::set_ranks_per_node(0);
  const bool is_alone = world().size() == 1;
  EXPECT_EQ(whole.stats.num_waves, 1);
  EXPECT_EQ(whole.stats.scan_flops, expected.stats.scan_flops);
  EXPECT_EQ(whole.stats.refine_distances, expected.stats.refine_distances);
  EXPECT_EQ(in_waves.stats.refine_distances, expected.stats.refine_distances);
  EXPECT_EQ(whole.stats.ghost_bytes, 0) << "ranks of one node read each other's vectors";
  EXPECT_EQ(by_messages.stats.ghost_bytes > 0, !is_alone);
  EXPECT_GT(in_waves.stats.num_waves, 1);
  EXPECT_GE(whole.stats.imbalance, 1);
}

TEST(Faiss, FindsMostNeighborsWithAnExactIndex) {
  MadeCorpus corpus;
  corpus.num_probes = 8;
  const auto exact = Alone{corpus}.all(10);
  EXPECT_GT(share_found(build_on_world(corpus, {10, 0, "faiss:Flat", 0}), exact), 0.95);
}

TEST(Faiss, NamesTheFactoryThatItDoesNotKnow) {
  const cells::Shard shard = make_shard(world(), {});
  try {
    static_cast<void>(build_neighbors(shard, {10, 0, "faiss:Nonsense", 0}));
    ADD_FAILURE() << "nothing thrown";
  } catch (const comm::CollectiveError& error) {
    EXPECT_THAT(error.what(), testing::StartsWith("knn.method = faiss:Nonsense: FAISS says: "));
  }
}

}  // namespace
}  // namespace kith::knn
