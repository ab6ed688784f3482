// Corpora that are unusual in one respect each: whatever the ranks, their cells and the waves, the
// lists equal a slow reference.
#include <fmt/format.h>

#include <algorithm>

#include <gtest/gtest.h>

#include "kith/comm/collectives.hpp"
#include "kith/knn/knn.hpp"

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
using test::world;

constexpr Count kWavesOfOneCell = 1;  // byte of memory

/// With cells dealt evenly and all to the last rank, in one wave and in waves of one cell.
void expect_in_every_way(const MadeCorpus& corpus, int k, int refine_rounds,
                         const NeighborLists& expected) {
  for (const Dealing dealing : {Dealing::even, Dealing::all_to_last}) {
    for (const Count memory_bytes : {Count{0}, kWavesOfOneCell}) {
      expect_same(
          build_on_world(corpus, {k, refine_rounds, "cells", memory_bytes}, dealing), expected,
          fmt::format("{} x {}, k {}, {} cells, dealing {}, {} bytes", corpus.num_nodes, corpus.dim,
                      k, corpus.num_cells, static_cast<int>(dealing), memory_bytes));
    }
  }
}

TEST(AnyDimension, ListsAreTheNearestOfTheProbeCells) {
  for (const Count dim : {1, 2, 3, 17, 784, 1536}) {
    MadeCorpus corpus;
    corpus.dim = dim;
    corpus.num_nodes = dim < 100 ? 300 : 110;
    expect_in_every_way(corpus, 6, 0, Alone{corpus}.probed(6));
  }
}

TEST(AnyDimension, RefiningExactListsKeepsThem) {
  for (const Count dim : {1, 3, 17, 784, 1536}) {
    MadeCorpus corpus;
    corpus.dim = dim;
    corpus.num_nodes = dim < 100 ? 200 : 80;
    corpus.num_cells = 9;
    corpus.num_probes = 9;
    expect_in_every_way(corpus, 5, 2, Alone{corpus}.all(5));
  }
}

TEST(SmallCells, ListsHoldMoreThanACellHas) {
  MadeCorpus corpus;
  corpus.num_nodes = 100;
  corpus.num_cells = 25;
  for (const int num_probes : {3, 10, 25}) {
    corpus.num_probes = num_probes;
    const Alone alone{corpus};
    for (const int k : {5, 17, 60, 99}) {
      const NeighborLists expected = alone.probed_or_all(k);
      expect_in_every_way(corpus, k, 0, expected);
    }
  }
}

TEST(SmallCells, MayBeMoreThanNodes) {
  MadeCorpus corpus;
  corpus.num_cells = 40;
  for (const Count num_nodes : {2, 3, 7}) {
    corpus.num_nodes = num_nodes;
    for (const int k : {1, static_cast<int>(num_nodes) - 1}) {
      expect_in_every_way(corpus, k, 0, Alone{corpus}.probed_or_all(k));
    }
  }
}

TEST(FewCells, LeaveRanksWithoutOne) {
  for (const Count num_cells : {1, 2, 4}) {
    MadeCorpus corpus;
    corpus.num_nodes = 150;
    corpus.num_cells = num_cells;
    corpus.num_probes = 2;
    const auto owned = make_shard(world(), corpus).layout.cells_of(world().rank());
    const bool any_is_idle = comm::any_rank(world(), owned.size() == 0);

    expect_in_every_way(corpus, 6, 0, Alone{corpus}.probed(6));

    EXPECT_EQ(any_is_idle, world().size() > num_cells);
  }
}

TEST(EqualVectors, AreEachOthersNeighborsInOrder) {
  for (const Count num_equal : {2, 9, 60, 300}) {
    for (const auto metric : {corpus::Metric::l2, corpus::Metric::inner_product}) {
      MadeCorpus corpus;
      corpus.num_nodes = 300;
      corpus.num_equal = num_equal;
      corpus.metric = metric;
      corpus.num_probes = 13;
      expect_in_every_way(corpus, 8, 1, Alone{corpus}.all(8));
    }
  }
}

TEST(EqualVectors, AreAtDistanceZeroFarFromTheOrigin) {
  MadeCorpus corpus;
  corpus.num_equal = 50;
  corpus.shift = 3000;
  corpus.dim = 33;
  const NeighborLists lists = build_on_world(corpus, {8, 1, "cells", 0});
  Count num_zero = 0;
  for (Count node = 0; node < corpus.num_nodes; ++node) {
    num_zero += lists.distances[to_size(node * 8 + 7)] == 0 ? 1 : 0;
  }
  EXPECT_EQ(num_zero, corpus.num_equal);
}

TEST(WavesOfOneCell, AreAsManyAsTheMostCellsOfARank) {
  const MadeCorpus corpus;
  const cells::Shard shard = make_shard(world(), corpus);
  const auto mine = shard.layout.cells_of(world().rank());
  Count num_filled = 0;
  for (CellId cell = mine.begin; cell < mine.end; ++cell) {
    num_filled += shard.layout.nodes_of(cell).size() > 0 ? 1 : 0;
  }

  const KnnResult result = build_neighbors(shard, {7, 2, "cells", kWavesOfOneCell});

  EXPECT_EQ(result.stats.num_waves, comm::max_over_ranks(world(), num_filled));
  expect_same(gather(result.lists), Alone{corpus}.build({7, 2, "cells", 0}), "waves of one cell");
}

}  // namespace
}  // namespace kith::knn
