// Going on from a snapshot, on another number of ranks: the lists are those of an undisturbed run.
#include <optional>

#include <gtest/gtest.h>

#include "kith/comm/collectives.hpp"
#include "kith/comm/stop.hpp"
#include "kith/core/stop.hpp"
#include "kith/io/snapshots.hpp"

#include "knn/made_shard.hpp"
#include "knn/whole_lists.hpp"
#include "support/mpi_world.hpp"
#include "support/temporary_directory.hpp"

namespace kith::knn {
namespace {

using test::Alone;
using test::expect_same;
using test::MadeCorpus;
using test::make_shard;
using test::world;

/// Collective. One start that is asked to stop: it does one unit of work more than the one before
/// it. Its result, if nothing was left to do.
std::optional<KnnResult> build_one_unit(const cells::Shard& shard, KnnConfig config,
                                        const std::string& directory) {
  io::Snapshots snapshots{*shard.comm, directory, "knn", "this corpus", 0};
  config.checkpoint = &snapshots;
  config.unit_flops = 1;
  ask_to_stop();
  std::optional<KnnResult> result;
  try {
    result = build_neighbors(shard, config);
    snapshots.clear();
  } catch (const comm::Stopped&) {
  }
  forget_stop();
  return result;
}

/// All ranks and one alone take turns; the numbers of units until the end.
int expect_same_in_turns(const MadeCorpus& corpus, const KnnConfig& config) {
  const Alone alone{corpus};
  const KnnResult expected = build_neighbors(alone.shard(), config);
  const cells::Shard shared = make_shard(world(), corpus);
  const test::TemporaryDirectory directory{world()};
  for (int start = 0; start < 1000; ++start) {
    std::optional<KnnResult> result;
    if (start % 2 == 0) {
      result = build_one_unit(shared, config, directory.path());
    } else if (world().is_root()) {
      result = build_one_unit(alone.shard(), config, directory.path());
    }
    comm::barrier(world());
    if (!comm::any_rank(world(), result.has_value())) {
      continue;
    }
    if (result) {
      EXPECT_EQ(result->stats.widened_nodes, expected.stats.widened_nodes);
    }
    if (start % 2 == 0) {
      expect_same(test::gather(result->lists), expected.lists, "all ranks");
    } else if (result) {
      expect_same(result->lists, expected.lists, "one rank");
    }
    return start;
  }
  ADD_FAILURE() << "never ends";
  return 0;
}

TEST(Resume, ExactSearchGoesOnAfterAnyRound) {
  MadeCorpus corpus;
  corpus.num_nodes = 700;
  corpus.num_cells = 23;
  EXPECT_GE(expect_same_in_turns(corpus, {7, 0, "exact", 0}), 10);
}

TEST(Resume, ScanAndRefineGoOnAfterAnyUnit) {
  MadeCorpus corpus;
  corpus.num_probes = 3;
  EXPECT_GE(expect_same_in_turns(corpus, {8, 2, "cells", 0}), 4);
}

TEST(Resume, NodesWithTooFewAroundThemGoOnAfterAnyRound) {
  MadeCorpus corpus;
  corpus.num_cells = 31;
  corpus.num_probes = 1;
  const Alone alone{corpus};
  const KnnConfig config{12, 1, "cells", 0};
  EXPECT_GT(build_neighbors(alone.shard(), config).stats.widened_nodes, 64);
  EXPECT_GE(expect_same_in_turns(corpus, config), 4);
}

}  // namespace
}  // namespace kith::knn
