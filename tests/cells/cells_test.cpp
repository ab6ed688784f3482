// Every distinct vector in one cell, moved once, in an order that does not depend on ranks.
#include "kith/cells/cells.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include <faiss/IndexFlat.h>
#include <faiss/index_io.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kith/cells/probes.hpp"
#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/core/parallel.hpp"
#include "kith/core/random.hpp"
#include "kith/distance/direct.hpp"

#include "cells/made_cells.hpp"

namespace kith::cells {
namespace {

using kith::test::world;
using test::few_cells;
using test::gather;
using test::kDim;
using test::kProbes;
using test::Made;
using test::make_blobs;
using test::make_dense_at_zero;
using test::Whole;

TEST(Cells, HoldEveryDistinctVectorOnceInRowOrder) {
  const Made made = make_blobs(400);

  const BuiltShard built = made.build(world(), few_cells(20));

  const CellLayout& layout = built.shard.layout;
  const Whole whole = gather(world(), built.shard);
  EXPECT_EQ(layout.num_nodes(), 360);
  EXPECT_EQ(count_of(whole.rows), 360);
  std::vector<GlobalId> sorted = whole.rows;
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(std::unique(sorted.begin(), sorted.end()), sorted.end());
  for (std::size_t node = 0; node < whole.rows.size(); ++node) {
    const Position position{static_cast<Count>(node)};
    EXPECT_NE(whole.rows[node].value() % 10, 9) << "a duplicate";
    EXPECT_TRUE(std::equal(made.vector(whole.rows[node]).begin(),
                           made.vector(whole.rows[node]).end(),
                           whole.vectors.begin() + static_cast<Count>(node) * kDim));
    EXPECT_EQ(whole.probes[node * kProbes], layout.cell_at(position))
        << "the first probe is the home cell";
    if (node > 0 && layout.cell_at(position) == layout.cell_at(Position{position.value() - 1})) {
      EXPECT_LT(whole.rows[node - 1], whole.rows[node]);
    }
  }
}

TEST(Cells, ATinySampleIsNeverEmpty) {
  const Made made = make_blobs(200);
  CellConfig config = few_cells(1);
  config.sample_per_cell = 1;
  for (config.seed = 1; config.seed <= 5; ++config.seed) {
    EXPECT_GT(made.build(world(), config).stats.sample_items, 0) << "seed " << config.seed;
  }
}

TEST(Cells, AreTheSameForAnyNumberOfRanksAndThreads) {
  const Made made = make_blobs(500);
  const auto self = comm::Communicator::duplicate(MPI_COMM_SELF);
  const int threads = num_threads();

  const BuiltShard shared = made.build(world(), few_cells(15));
  set_num_threads(3);
  const BuiltShard alone = made.build(self, few_cells(15));
  set_num_threads(threads);

  EXPECT_EQ(gather(world(), shared.shard), gather(self, alone.shard));
  EXPECT_EQ(shared.shard.centroids, alone.shard.centroids);
  EXPECT_EQ(shared.cell_work, alone.cell_work);
}

TEST(Cells, ProbeTheNearestCentroids) {
  const Made made = make_blobs(300);

  const Shard shard = made.build(world(), few_cells(12)).shard;

  const std::vector<float> vectors = shard.vectors.copy();
  ASSERT_EQ(shard.num_probes, kProbes);
  for (std::size_t node = 0; node < shard.rows.size(); ++node) {
    const auto vector = std::span{vectors}.subspan(node * kDim, kDim);
    std::vector<float> distances;
    for (Count cell = 0; cell < shard.layout.num_cells(); ++cell) {
      distances.push_back(distance::squared_distance(
          vector, std::span{shard.centroids}.subspan(to_size(cell * kDim), to_size(kDim))));
    }
    std::vector<float> nearest = distances;
    std::sort(nearest.begin(), nearest.end());
    for (std::size_t i = 0; i < kProbes; ++i) {
      EXPECT_LE(distances[to_size(shard.probes[node * kProbes + i])], nearest[i] * 1.001F + 1e-3F);
    }
  }
}

TEST(Cells, SurviveCorporaThatAreHardToSplit) {
  const Made equal{50, [](Count, Count) { return 2.0F; }};
  EXPECT_EQ(equal.build(world(), few_cells(5)).shard.layout.num_nodes(), 1);
  const Made tiny{3, [](Count row, Count) { return static_cast<float>(row); }};
  EXPECT_EQ(tiny.build(world(), few_cells(100)).shard.layout.num_nodes(), 3);
  const Made skewed{300, [](Count row, Count i) {
                      const double u = random_uniform(5, Purpose::tie, row, to_size(i));
                      return static_cast<float>(row < 280 ? 1e-3 * u : 1000 * u);
                    }};
  const BuiltShard built = skewed.build(world(), few_cells(20));
  EXPECT_EQ(built.shard.layout.num_nodes(), 300);
  EXPECT_GE(built.stats.imbalance, 1);
}

TEST(Cells, AreSplitWhereTheyAreTooLarge) {
  const Made made = make_dense_at_zero();
  const auto self = comm::Communicator::duplicate(MPI_COMM_SELF);

  const BuiltShard built = made.build(world(), few_cells(20));

  EXPECT_GT(built.stats.split_cells, 0);
  EXPECT_LE(built.stats.largest_cell, 4 * 4000 / 20);
  EXPECT_GT(built.stats.smallest_cell, 0) << "empty cells are dropped";
  EXPECT_EQ(gather(world(), built.shard), gather(self, made.build(self, few_cells(20)).shard));
}

TEST(Cells, ProbeAllCellsIfThereAreFewer) {
  BuiltShard built = make_blobs(100).build(world(), few_cells(3));

  find_probes(built.shard, 300);

  const auto num_cells = static_cast<int>(built.shard.layout.num_cells());
  EXPECT_EQ(built.shard.num_probes, num_cells);
  for (std::size_t first = 0; first < built.shard.probes.size(); first += to_size(num_cells)) {
    const auto row = std::span{built.shard.probes}.subspan(first, to_size(num_cells));
    EXPECT_EQ(std::set<CellId>(row.begin(), row.end()).size(), row.size());
    EXPECT_TRUE(std::none_of(row.begin(), row.end(), [](CellId cell) { return cell.is_none(); }));
  }
}

TEST(Cells, FetchTheVectorsOfKnownRowsAgain) {
  const Made made = make_blobs(200);
  BuiltShard built = made.build(world(), few_cells(10));
  const std::vector<float> before = built.shard.vectors.copy();
  built.shard.vectors = {};

  made.fetch(built.shard);

  EXPECT_EQ(built.shard.vectors.copy(), before);
}

/// Blobs with something far from zero added to each value.
Made make_far_blobs(Count rows, double constant_column, double common) {
  return Made{rows, [=](Count row, Count i) {
                const double noise = random_uniform(3, Purpose::tie, row, to_size(i));
                const double middle = 3.0 * static_cast<double>((row % 7) * (i + 1) % 5);
                return static_cast<float>(common + (i == 2 ? constant_column : middle + noise));
              }};
}

TEST(Cells, AreAsManyAndAsEvenFarFromZero) {
  constexpr Count kRows = 3000;
  const CellStats near = make_far_blobs(kRows, 0, 0).build(world(), few_cells(12)).stats;
  for (const auto& [constant_column, common] :
       {std::pair{-32218898.0, 0.0}, std::pair{1e12, 0.0}, std::pair{0.0, 1e5}}) {
    const Made made = make_far_blobs(kRows, constant_column, common);
    const BuiltShard built = made.build(world(), few_cells(12));
    EXPECT_EQ(built.shard.layout.num_cells(), 12) << constant_column << " " << common;
    EXPECT_LT(built.stats.largest_cell, 2 * near.largest_cell) << constant_column << " " << common;

    // Who searches the centroids with FAISS finds the same cells.
    faiss::IndexFlatL2 index{kDim};
    index.add(built.shard.layout.num_cells(), built.shard.centroids.data());
    const IdRange<Position> mine = built.shard.layout.nodes_of(world().rank());
    Count num_same = 0;
    for (Count i = 0; i < mine.size(); ++i) {
      float distance = 0;
      faiss::Index::idx_t cell = 0;
      index.search(1, made.vector(built.shard.rows[to_size(i)]).data(), 1, &distance, &cell);
      const Position node{mine.begin.value() + i};
      num_same += built.shard.layout.cell_at(node).value() == cell ? 1 : 0;
    }
    EXPECT_GE(comm::sum_over_ranks(world(), num_same), kRows * 99 / 100)
        << constant_column << " " << common;
  }
}

TEST(Centroids, AreAFileThatFaissReads) {
  const Made made = make_blobs(200);
  BuiltShard built = made.build(world(), few_cells(10));
  const std::vector<float> centroids = built.shard.centroids;
  const std::string path = made.path("quantizer.faiss");

  save_centroids(built.shard, path);
  built.shard.centroids = {};
  load_centroids(built.shard, path);

  EXPECT_EQ(built.shard.centroids, centroids);
  const std::unique_ptr<faiss::Index> index{faiss::read_index(path.c_str())};
  EXPECT_EQ(index->ntotal, built.shard.layout.num_cells());
  EXPECT_EQ(index->d, kDim);
}

TEST(Centroids, ThatAreNoMeansOfVectorsAreOneSentence) {
  const Made made = make_blobs(200);
  BuiltShard built = made.build(world(), few_cells(10));
  const std::vector<float> centroids = built.shard.centroids;
  const std::string path = made.path("quantizer.faiss");
  for (const float wrong : {std::nanf(""), std::numeric_limits<float>::infinity(), 2e15F}) {
    built.shard.centroids = centroids;
    built.shard.centroids[to_size(2 * kDim + 1)] = wrong;
    save_centroids(built.shard, path);
    EXPECT_THAT([&] { load_centroids(built.shard, path); },
                testing::ThrowsMessage<comm::CollectiveError>(
                    testing::HasSubstr("centroid 2 has a norm that is no number below 1e15")))
        << wrong;
  }
}

TEST(Layout, DealsConsecutiveCellsByWork) {
  const CellLayout layout = make_layout({{3, 0, 5, 2, 1}, {30, 0, 50, 20, 20}}, 3);
  Count nodes = 0;
  for (int rank = 0; rank < 3; ++rank) {
    EXPECT_EQ(layout.nodes_of(Rank{rank}).begin.value(), nodes);
    nodes += layout.nodes_of(Rank{rank}).size();
  }
  EXPECT_EQ(nodes, 11);
  for (Count node = 0; node < 11; ++node) {
    const CellId cell = layout.cell_at(Position{node});
    EXPECT_TRUE(layout.nodes_of(cell).contains(Position{node}));
    EXPECT_TRUE(layout.cells_of(layout.owner(Position{node})).contains(cell));
  }
  EXPECT_EQ(layout.cells_of(Rank{1}).begin, CellId{2});
}

}  // namespace
}  // namespace kith::cells
