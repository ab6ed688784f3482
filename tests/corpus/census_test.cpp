#include "kith/corpus/census.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kith/comm/collectives.hpp"
#include "kith/core/exact_sum.hpp"
#include "kith/core/random.hpp"

#include "corpus/made_corpus.hpp"
#include "support/failures.hpp"

namespace {

using kith::Count;
using kith::GlobalId;
using kith::corpus::Census;
using kith::corpus::CorpusConfig;
using kith::corpus::DuplicateItem;
using kith::corpus::NormSummary;
using kith::test::config_of;
using kith::test::MadeCorpus;
using kith::test::make_corpus;
using kith::test::message_of;
using kith::test::world;
using testing::HasSubstr;

Census census_of(const CorpusConfig& config) {
  const auto corpus = kith::corpus::describe(world(), config);
  const auto seeds = kith::corpus::read_seeds(world(), corpus, config);
  kith::corpus::RowReader reader{corpus};
  return kith::corpus::take_census(world(), corpus, config, reader, seeds);
}

std::vector<DuplicateItem> all_duplicates(const Census& census) {
  return kith::comm::gather_to_all<DuplicateItem>(world(), census.duplicates).items;
}

/// Rows by their vector, by comparison of values (so that -0 equals 0).
std::map<std::vector<float>, std::vector<GlobalId>> groups_of(const MadeCorpus& made) {
  std::map<std::vector<float>, std::vector<GlobalId>> groups;
  for (Count row = 0; row < made.num_rows(); ++row) {
    const auto first = made.embeddings.begin() + row * made.dim;
    groups[{first, first + made.dim}].emplace_back(row);
  }
  return groups;
}

std::vector<float> norms_of(const MadeCorpus& made) {
  std::vector<float> norms;
  for (Count row = 0; row < made.num_rows(); ++row) {
    double sum = 0;
    for (Count i = row * made.dim; i < (row + 1) * made.dim; ++i) {
      sum += std::pow(double{made.embeddings[kith::to_size(i)]}, 2);
    }
    norms.push_back(static_cast<float>(std::sqrt(sum)));
  }
  std::sort(norms.begin(), norms.end());
  return norms;
}

TEST(Census, FindsEveryGroupOfEqualVectors) {
  for (const Count num_rows : {8, 500}) {  // 8: some ranks have a row or two
    const kith::test::TemporaryDirectory directory{world()};
    MadeCorpus made = make_corpus(num_rows, 2);
    std::fill_n(made.embeddings.begin(), 6, 0.0F);
    made.embeddings[4] = -0.0F;
    kith::test::write_corpus(made, directory, 3);

    const Census census = census_of(config_of(directory));

    std::vector<DuplicateItem> expected;
    Count num_groups = 0;
    Count largest = 1;
    for (const auto& [vector, rows] : groups_of(made)) {
      num_groups += rows.size() > 1 ? 1 : 0;
      largest = std::max(largest, kith::count_of(rows));
      for (std::size_t i = 1; i < rows.size(); ++i) {
        expected.push_back({rows[i], rows[0]});
      }
    }
    std::sort(expected.begin(), expected.end(),
              [](const DuplicateItem& a, const DuplicateItem& b) { return a.row < b.row; });
    EXPECT_EQ(all_duplicates(census), expected);
    EXPECT_EQ(census.num_duplicate_groups, num_groups);
    EXPECT_EQ(census.num_duplicate_items, kith::count_of(expected));
    EXPECT_EQ(census.largest_group, largest);
    EXPECT_EQ(census.num_zero_vectors, 2);
    EXPECT_EQ(census.first_zero_vector, GlobalId{0});
    EXPECT_GE(census.num_duplicate_groups, 1);
  }
}

TEST(Census, ListsEqualVectorsWithSeedsOfDifferentClasses) {
  const kith::test::TemporaryDirectory directory{world()};
  MadeCorpus made = make_corpus(60, 3);
  for (Count i = 0; i < made.num_rows() * made.dim; ++i) {
    made.embeddings[kith::to_size(i)] = static_cast<float>(1 + i / made.dim);
  }
  const auto equal = [&](std::initializer_list<Count> rows) {
    for (const Count row : rows) {
      std::fill_n(made.embeddings.begin() + row * made.dim, made.dim,
                  made.embeddings[kith::to_size(*rows.begin() * made.dim)]);
    }
  };
  equal({3, 32, 48, 52});  // 3 is no seed; 32 has class 2, 48 class 0, 52 class 1
  equal({4, 16});          // classes 1 and 1
  equal({0, 57, 56});      // classes 0 and 2; 57 is no seed
  kith::test::write_corpus(made, directory, 3);

  const Census census = census_of(config_of(directory));

  using kith::Label;
  using kith::corpus::SeedConflict;
  EXPECT_EQ(census.seed_conflicts,
            (std::vector<SeedConflict>{
                {{{GlobalId{0}, Label{0}}, {GlobalId{56}, Label{2}}}},
                {{{GlobalId{32}, Label{2}}, {GlobalId{48}, Label{0}}, {GlobalId{52}, Label{1}}}}}));
  EXPECT_TRUE(census.first_zero_vector.is_none());
}

TEST(Census, DescribesNormsExactly) {
  const kith::test::TemporaryDirectory directory{world()};
  const MadeCorpus made = make_corpus(333, 2);
  kith::test::write_corpus(made, directory, 3);

  const Census census = census_of(config_of(directory));

  const std::vector<float> norms = norms_of(made);
  kith::ExactSum sum;
  for (const float norm : norms) {
    sum.add(double{norm});
  }
  EXPECT_EQ(census.norms.min, norms.front());
  EXPECT_EQ(census.norms.max, norms.back());
  EXPECT_EQ(census.norms.mean, sum.value() / 333);
  for (std::size_t q = 0; q < NormSummary::kQuantiles.size(); ++q) {
    const auto at_or_below = [&](float norm) {
      return static_cast<double>(std::upper_bound(norms.begin(), norms.end(), norm) -
                                 norms.begin());
    };
    const float value = census.norms.quantiles[q];
    EXPECT_GE(at_or_below(value), NormSummary::kQuantiles[q] * 333);
    EXPECT_LT(at_or_below(std::nextafter(value, 0.0F)), NormSummary::kQuantiles[q] * 333);
  }
}

TEST(Census, WorksWithMoreRanksThanRows) {
  const kith::test::TemporaryDirectory directory{world()};
  kith::test::write_corpus(make_corpus(1, 1), directory, 1);

  const Census census = census_of(config_of(directory));

  EXPECT_EQ(census.num_items, 1);
  EXPECT_EQ(census.num_duplicate_groups, 0);
  EXPECT_TRUE(census.largest_group_row.is_none());
  EXPECT_EQ(census.norms.min, census.norms.max);
  EXPECT_EQ(census.seeds_per_class, std::vector<Count>{1});
}

TEST(Census, TakesScaledVectorsAsEqualUnderCosine) {
  const kith::test::TemporaryDirectory directory{world()};
  MadeCorpus made = make_corpus(8, 2);
  for (std::size_t i = 0; i < made.embeddings.size(); ++i) {
    made.embeddings[i] = (i % 3 == 0 ? 1.0F : 0.5F) * static_cast<float>(1 + i / 3);
  }
  kith::test::write_corpus(made, directory, 2);
  CorpusConfig config = config_of(directory);
  EXPECT_EQ(census_of(config).num_duplicate_items, 0);
  config.metric = kith::corpus::Metric::cosine;

  const Census census = census_of(config);

  EXPECT_GT(census.num_duplicate_items, 0);
  EXPECT_EQ(census.norms.max, 8 * census.norms.min);
}

TEST(Census, NamesTheFirstPairOfRowsWithOneId) {
  const kith::test::TemporaryDirectory directory{world()};
  MadeCorpus made = make_corpus(40, 2);
  made.ids[33] = made.ids[2];
  made.ids[20] = made.ids[9];
  made.ids[21] = made.ids[1];
  kith::test::write_corpus(made, directory, 2);

  EXPECT_EQ(message_of([&] { (void)census_of(config_of(directory)); }),
            (directory / "part-1.h5") + ": /ids: row 7: id 973 is also that of " +
                (directory / "part-0.h5") + ": /ids: row 9");
}

}  // namespace
