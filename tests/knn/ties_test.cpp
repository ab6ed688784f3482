// Corpora in which many distances are equal, or nearly: lists go by (distance, position), distances
// being those of the direct form, whatever the ranks.
#include <fmt/format.h>

#include <array>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "kith/comm/collectives.hpp"
#include "kith/knn/knn.hpp"
#include "kith/knn/recall.hpp"

#include "knn/made_shard.hpp"
#include "knn/whole_lists.hpp"
#include "support/mpi_world.hpp"

namespace kith::knn {
namespace {

using test::Alone;
using test::build_on_world;
using test::expect_same;
using test::gather;
using test::MadeCorpus;
using test::make_shard;
using test::Values;
using test::world;

constexpr std::array kMetrics{corpus::Metric::l2, corpus::Metric::cosine,
                              corpus::Metric::inner_product};

std::vector<MadeCorpus> tied_corpora() {
  std::vector<MadeCorpus> corpora;
  for (const Values values : {Values::sparse, Values::one_hot, Values::grid, Values::scaled}) {
    for (const corpus::Metric metric : kMetrics) {
      for (const Count dim : {1, 21}) {
        MadeCorpus corpus;
        corpus.num_nodes = 100;
        corpus.dim = dim;
        corpus.num_cells = 7;
        corpus.num_probes = 3;
        corpus.metric = metric;
        corpus.values = values;
        // What the corpus stores as bytes lies in memory as halves.
        corpus.type = metric != corpus::Metric::cosine && dim == 21 ? distance::RowType::f16
                                                                    : distance::RowType::f32;
        corpora.push_back(corpus);
      }
    }
  }
  return corpora;
}

std::string name_of(const MadeCorpus& corpus) {
  return fmt::format("values {}, metric {}, dim {}", static_cast<int>(corpus.values),
                     corpus::to_string(corpus.metric), corpus.dim);
}

TEST(Ties, GoToTheSmallerPosition) {
  constexpr Count kWavesOfOneCell = 1;
  for (const MadeCorpus& corpus : tied_corpora()) {
    const Alone alone{corpus};
    expect_same(build_on_world(corpus, {7, 0, "exact", 0}), alone.all(7), name_of(corpus));
    expect_same(build_on_world(corpus, {7, 0, "cells", kWavesOfOneCell}), alone.probed_or_all(7),
                name_of(corpus));
  }
}

/// More equal distances than a scan keeps candidates of.
TEST(Ties, MayBeThousands) {
  MadeCorpus corpus;
  corpus.num_nodes = 1000;
  corpus.dim = 3;
  corpus.shift = 0.3;
  corpus.num_equal = 1200;
  expect_same(build_on_world(corpus, {5, 0, "exact", 0}), Alone{corpus}.all(5), "equal vectors");
}

/// Where a cell has one vector far away, scores say nothing about the others.
TEST(Ties, AreBrokenRightBesideAnOutlier) {
  for (const double far : {1e3, 1e6, 1e12}) {
    MadeCorpus corpus;
    corpus.far = far;
    corpus.num_cells = 3;
    corpus.num_probes = 3;
    const NeighborLists expected = Alone{corpus}.all(6);
    expect_same(build_on_world(corpus, {6, 0, "exact", 0}), expected,
                fmt::format("exact, {}", far));
    expect_same(build_on_world(corpus, {6, 0, "cells", 0}), expected,
                fmt::format("cells, {}", far));
  }
}

TEST(Ties, LeaveRefinedListsAndTheirRecallTheSame) {
  for (const MadeCorpus& corpus : tied_corpora()) {
    if (corpus.dim == 1) {
      continue;
    }
    const Alone alone{corpus};
    const cells::Shard shard = make_shard(world(), corpus);
    const KnnConfig config{7, 1, "cells", 0};
    const NeighborLists lists = build_neighbors(shard, config).lists;
    const NeighborLists expected_lists = alone.build(config);
    expect_same(gather(lists), expected_lists, name_of(corpus));
    const RecallEstimate recall = measure_recall(shard, lists, 100, 7);
    const RecallEstimate expected = measure_recall(alone.shard(), expected_lists, 100, 7);
    EXPECT_EQ(recall.hits, expected.hits) << name_of(corpus);
    EXPECT_EQ(recall.num_items, expected.num_items) << name_of(corpus);
  }
}

}  // namespace
}  // namespace kith::knn
