#include "kith/corpus/corpus.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kith/comm/agree.hpp"
#include "kith/core/random.hpp"

#include "corpus/made_corpus.hpp"
#include "support/failures.hpp"

namespace {

using kith::Count;
using kith::GlobalId;
using kith::IdRange;
using kith::Rank;
using kith::corpus::Corpus;
using kith::corpus::CorpusConfig;
using kith::corpus::RowReader;
using kith::corpus::rows_of;
using kith::test::config_of;
using kith::test::make_corpus;
using kith::test::message_of;
using kith::test::world;
using testing::ElementsAre;

TEST(RowBlocks, AreEvenAndContiguousAndKnowTheirOwner) {
  for (const Count num_items : {0, 1, 2, 7, 1000}) {
    for (const int num_ranks : {1, 2, 3, 5, 13}) {
      GlobalId next{0};
      for (int rank = 0; rank < num_ranks; ++rank) {
        const auto rows = rows_of(num_items, Rank{rank}, num_ranks);
        EXPECT_EQ(rows.begin, next);
        EXPECT_LE(std::abs(rows.size() * num_ranks - num_items), num_ranks - 1);
        for (GlobalId row = rows.begin; row < rows.end; ++row) {
          EXPECT_EQ(kith::corpus::owner_of(row, num_items, num_ranks), Rank{rank});
        }
        next = rows.end;
      }
      EXPECT_EQ(next, GlobalId{num_items});
    }
  }
}

TEST(RowBlocks, OfHugeCorporaDoNotOverflow) {
  const Count num_items = Count{1} << 60;
  EXPECT_EQ(rows_of(num_items, Rank{99'999}, 100'000).end, GlobalId{num_items});
  EXPECT_EQ(kith::corpus::owner_of(GlobalId{num_items - 1}, num_items, 100'000), Rank{99'999});
}

TEST(Corpus, IsTheFilesOneAfterAnother) {
  const kith::test::TemporaryDirectory directory{world()};
  const auto made = make_corpus(60, 3);
  kith::test::write_corpus(made, directory, 3);

  const Corpus corpus = kith::corpus::describe(world(), config_of(directory));

  ASSERT_EQ(corpus.files.size(), 3U);
  EXPECT_EQ(corpus.num_items, 60);
  EXPECT_EQ(corpus.dim, made.dim);
  EXPECT_EQ(corpus.num_classes(), 3);
  EXPECT_EQ(corpus.id_kind, kith::corpus::IdKind::signed_integer);
  EXPECT_EQ(corpus.files[1].first_row, GlobalId{10});
  EXPECT_EQ(corpus.files[2].num_rows, 30);
  EXPECT_EQ(corpus.place_of(GlobalId{31}, "x"), (directory / "part-2.h5") + ": x: row 1");
}

/// Collective. A corpus of one row.
void write_row(const std::string& path) {
  auto file = kith::io::OutputFile::create(world(), path);
  file.write_whole<float>("embeddings", std::vector<float>{1, 2}, {1, 2});
  file.write_whole<std::int32_t>("labels", std::vector<std::int32_t>{0}, {1});
  file.commit();
}

/// Names of a corpus' files, in order.
std::vector<std::string> order_of(const CorpusConfig& config) {
  std::vector<std::string> names;
  for (const auto& file : kith::corpus::describe(world(), config).files) {
    names.push_back(std::filesystem::path{file.path}.filename());
  }
  return names;
}

TEST(CorpusFiles, OfAGlobAreInTheOrderInWhichPeopleCount) {
  const kith::test::TemporaryDirectory directory{world()};
  for (const char* name : {"part-10.h5", "part-2.h5", "part-02.h5", "part-1-of-12.h5",
                           "part-1-of-3.h5", "part-.h5", "part-0.h5"}) {
    write_row(directory / name);
  }
  CorpusConfig config = config_of(directory);

  EXPECT_THAT(order_of(config),
              ElementsAre("part-.h5", "part-0.h5", "part-1-of-3.h5", "part-1-of-12.h5",
                          "part-02.h5", "part-2.h5", "part-10.h5"));
  config.files = {directory / "part-10.h5", directory / "part-[02].h5", directory / "part-.h5"};
  EXPECT_THAT(order_of(config), ElementsAre("part-10.h5", "part-0.h5", "part-2.h5", "part-.h5"));
}

TEST(CorpusFiles, MayNotComeTwice) {
  const kith::test::TemporaryDirectory directory{world()};
  const std::string first = directory / "part-0.h5";
  const std::string link = directory / "part-1.h5";
  write_row(first);
  const auto refused = [&](const std::vector<std::string>& files) {
    CorpusConfig config = config_of(directory);
    config.files = files;
    return message_of([&] { (void)kith::corpus::describe(world(), config); });
  };

  EXPECT_EQ(refused({first, directory / "part-*.h5"}),
            "corpus.files: " + first + " is given twice");
  for (const bool is_hard : {true, false}) {
    kith::comm::on_root(world(), [&] {
      std::filesystem::remove(link);
      is_hard ? std::filesystem::create_hard_link(first, link)
              : std::filesystem::create_symlink(first, link);
    });
    EXPECT_EQ(refused({directory / "part-*.h5"}),
              "corpus.files: " + first + " and " + link + " are the same file");
  }
}

TEST(RowReader, ReadsTheSameRowsWithAndWithoutItsCache) {
  const kith::test::TemporaryDirectory directory{world()};
  const auto made = make_corpus(200, 3);
  kith::test::write_corpus(made, directory, 3);
  const Corpus corpus = kith::corpus::describe(world(), config_of(directory));
  const auto mine = rows_of(corpus.num_items, world().rank(), world().size());
  const Count mine_bytes = mine.size() * made.dim * 4;
  RowReader keeps{corpus, mine, mine_bytes};
  RowReader reads{corpus, mine, mine_bytes - 1};
  EXPECT_TRUE(keeps.keeps_rows());
  EXPECT_FALSE(reads.keeps_rows());

  for (int repeat = 0; repeat < 2; ++repeat) {
    for (const auto& [begin, end] : {std::pair<Count, Count>{0, 200}, {30, 170}, {100, 101}}) {
      const IdRange<GlobalId> rows{GlobalId{begin}, GlobalId{end}};
      std::vector<float> expected(made.embeddings.begin() + begin * made.dim,
                                  made.embeddings.begin() + end * made.dim);
      std::vector<float> values(expected.size());
      keeps.read(rows, values);
      EXPECT_EQ(values, expected);
      reads.read(rows, values);
      EXPECT_EQ(values, expected);
    }
  }
}

TEST(RowReader, ScalesToUnitLengthUnderCosineOnly) {
  const kith::test::TemporaryDirectory directory{world()};
  auto made = make_corpus(40, 2);
  kith::test::write_corpus(made, directory, 2);
  auto config = config_of(directory);
  config.metric = kith::corpus::Metric::cosine;
  const Corpus corpus = kith::corpus::describe(world(), config);
  RowReader reader{corpus};
  std::vector<float> values(made.embeddings.size());

  reader.read({GlobalId{0}, GlobalId{40}}, values);

  for (std::size_t row = 0; row < 40; ++row) {
    double squares = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      squares += std::pow(double{made.embeddings[row * 3 + i]}, 2);
    }
    for (std::size_t i = 0; i < 3; ++i) {
      const double unit = double{made.embeddings[row * 3 + i]} / std::sqrt(squares);
      EXPECT_EQ(values[row * 3 + i], static_cast<float>(unit));
    }
  }
  reader.read_as_stored({GlobalId{0}, GlobalId{40}}, values);
  EXPECT_EQ(values, made.embeddings);
}

TEST(RowReader, ScalesWhateverTheSizeOfTheVector) {
  for (const float size : {1e-42F, 1e-30F, 1.0F, 1e30F, 1e38F}) {
    std::vector<float> vector{1.5F * size, -2.0F * size};
    kith::corpus::scale_to_unit_length(vector);
    EXPECT_NEAR(vector[0], 0.6, 1e-3) << size;
    EXPECT_NEAR(vector[1], -0.8, 1e-3) << size;
  }
}

TEST(CorpusConfig, GoldMayNotBeLearnedFrom) {
  kith::corpus::CorpusConfig config;
  EXPECT_EQ(message_of([&] { validate(config); }),
            "corpus.files is empty, expected paths or globs of HDF5 files");
  config.files = {"a.h5"};
  config.labels = config.gold = "labels";
  EXPECT_EQ(message_of([&] { validate(config); }),
            "corpus.gold = labels is also corpus.labels, but gold labels are never learned from");
}

}  // namespace
