#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kith/corpus/census.hpp"
#include "kith/io/files.hpp"

#include "corpus/made_files.hpp"
#include "support/failures.hpp"
#include "support/mpi_world.hpp"

namespace {

using kith::Count;
using kith::GlobalId;
using kith::IdRange;
using kith::Label;
using kith::corpus::Corpus;
using kith::corpus::CorpusConfig;
using kith::corpus::Metric;
using kith::corpus::test::config_of;
using kith::corpus::test::directory_of;
using kith::corpus::test::read_all_of;
using kith::test::message_of;
using kith::test::world;
using testing::ElementsAre;

std::vector<float> reference(const std::string& kind, Metric metric) {
  const std::string bytes = kith::io::read_file(
      directory_of(kind) + (metric == Metric::cosine ? "/reference-unit.f32" : "/reference.f32"));
  std::vector<float> values(bytes.size() / sizeof(float));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

class OddFiles : public testing::TestWithParam<const char*> {};

TEST_P(OddFiles, GiveTheFloatsThatPythonHas) {
  for (const Metric metric : {Metric::l2, Metric::cosine}) {
    CorpusConfig config = config_of(GetParam());
    config.metric = metric;
    const Corpus corpus = kith::corpus::describe(world(), config);
    const std::vector<float> expected = reference(GetParam(), metric);
    const IdRange<GlobalId> kept{GlobalId{20}, GlobalId{70}};
    kith::corpus::RowReader reader{corpus, kept, world().rank().value() % 2 == 0 ? 1 << 20 : 0};

    for (const auto& [begin, end] : {std::pair{0, 90}, {49, 52}, {50, 51}, {3, 3}, {60, 90}}) {
      const IdRange<GlobalId> rows{GlobalId{begin}, GlobalId{end}};
      std::vector<float> values(kith::to_size(rows.size() * corpus.dim));
      reader.read(rows, values);
      EXPECT_EQ(std::memcmp(values.data(), expected.data() + begin * corpus.dim,
                            values.size() * sizeof(float)),
                0)
          << begin << ".." << end;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Corpus, OddFiles,
                         testing::Values("f32-gzip", "f16-gzip", "f16", "f64", "u8-chunked", "i8",
                                         "f32-big-endian", "virtual"));

TEST(GoodFiles, AreReadInAllTheirParts) {
  for (const char* kind : {"plain", "no-ids", "no-names", "names-in-text", "signed-ids"}) {
    CorpusConfig config = config_of(kind);
    config.gold = "gold";
    config.votes = "votes";
    config.probs = "probs";
    if (std::string{kind} == "names-in-text") {
      config.classes = directory_of(kind) + "/classes.txt";
    }
    EXPECT_EQ(message_of([&] { read_all_of(config); }), "") << kind;
    const Corpus corpus = kith::corpus::describe(world(), config);
    EXPECT_EQ(corpus.num_items, 90);
    EXPECT_EQ(corpus.dim, 7);
    EXPECT_EQ(corpus.num_classes(), 3);
    EXPECT_EQ(corpus.class_names[2], std::string{kind} == "no-names" ? "2" : "owl");
    EXPECT_THAT(corpus.vote_names, ElementsAre("votes.0", "votes.1"));
    EXPECT_THAT(corpus.prob_names, ElementsAre("model"));
  }
}

/// Files with names of their own; what they say is what the files of the kind "plain" say.
class FilesThatNumberOtherwise : public testing::TestWithParam<const char*> {};

TEST_P(FilesThatNumberOtherwise, AreReadByName) {
  CorpusConfig config = config_of(GetParam());
  config.gold = "gold";
  config.votes = "votes";
  config.probs = "probs";
  config.slices = {"groups"};
  config.allow_missing_classes = true;
  const Corpus corpus = kith::corpus::describe(world(), config);
  CorpusConfig plain_config = config_of("plain");
  plain_config.gold = "gold";
  plain_config.votes = "votes";
  plain_config.probs = "probs";
  const Corpus plain = kith::corpus::describe(world(), plain_config);
  const IdRange<GlobalId> rows{GlobalId{10}, GlobalId{90}};
  const auto model = std::find(corpus.prob_names.begin(), corpus.prob_names.end(), "model");
  const int model_number = static_cast<int>(model - corpus.prob_names.begin());
  const auto probs = kith::corpus::read_probs(corpus, config, model_number, rows);
  const auto early = kith::corpus::read_probs(corpus, config, 1 - model_number, rows);
  const auto plain_probs = kith::corpus::read_probs(plain, plain_config, 0, rows);

  EXPECT_THAT(corpus.class_names, ElementsAre("cat", "dog", "owl", "fox"));
  EXPECT_THAT(corpus.vote_names, ElementsAre("rule", "model"));
  EXPECT_THAT(corpus.slices[0].names, ElementsAre("north", "south", "west"));
  EXPECT_EQ(kith::corpus::read_seeds(world(), corpus, config),
            kith::corpus::read_seeds(world(), plain, plain_config));
  EXPECT_EQ(kith::corpus::read_gold(corpus, config, rows),
            kith::corpus::read_gold(plain, plain_config, rows));
  EXPECT_EQ(kith::corpus::read_votes(corpus, config, rows),
            kith::corpus::read_votes(plain, plain_config, rows));
  const auto groups = kith::corpus::read_slices(corpus, "groups", rows);
  for (Count i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(groups[kith::to_size(i)], (10 + i) % 3);
    for (Count k = 0; k < 4; ++k) {
      const float expected = k == 3 ? 0.0F : plain_probs[kith::to_size(3 * i + k)];
      EXPECT_EQ(probs[kith::to_size(4 * i + k)], expected);
      EXPECT_EQ(early[kith::to_size(4 * i + k)], 10 + i < 51 ? expected : 0.0F);
    }
  }
  EXPECT_EQ(corpus.notes.size(), 4U);
}

INSTANTIATE_TEST_SUITE_P(Corpus, FilesThatNumberOtherwise,
                         testing::Values("other-names", "other-names-as-texts", "other-members"));

TEST(Describe, SaysWhichFilesNumberOtherwise) {
  const std::string directory = directory_of("other-names");
  CorpusConfig config = config_of("other-names");

  EXPECT_THAT(
      kith::corpus::describe(world(), config).notes,
      ElementsAre(
          directory + "/part-2.h5: /classes names its classes differently from " + directory +
          "/part-0.h5: /classes (1 of 3 files differ): they are matched by name, 4 in all"));
  config.files = {directory_of("other-members") + "/part-[02].h5"};
  EXPECT_THAT(kith::corpus::describe(world(), config).notes,
              ElementsAre(directory_of("other-members") +
                          "/part-2.h5: labels names its classes differently from " +
                          directory_of("other-members") +
                          "/part-0.h5: labels (1 of 2 files differ): they are matched by name, "
                          "4 in all"));
}

TEST(VirtualDatasets, NameTheFilesTheyComeFrom) {
  const Corpus corpus = kith::corpus::describe(world(), config_of("virtual"));

  EXPECT_THAT(corpus.sources, ElementsAre(directory_of("virtual") + "/nested.hdf5",
                                          directory_of("virtual") + "/values.hdf5"));
}

TEST(SeedFile, OfEveryFormNamesTheSameRows) {
  for (const char* kind : {"seeds-by-row", "seeds-by-id", "seeds-table", "seeds-table-rows"}) {
    CorpusConfig config = config_of(kind);
    config.labels = "";
    const bool is_table = std::string{kind}.find("table") != std::string::npos;
    config.seeds = directory_of(kind) + (is_table ? "/seeds.hdf5" : "/seeds.csv");
    const Corpus corpus = kith::corpus::describe(world(), config);

    const auto seeds = kith::corpus::read_seeds(world(), corpus, config);

    ASSERT_EQ(seeds.size(), 3U) << kind;
    EXPECT_EQ(seeds[0].row, GlobalId{0}) << kind;
    EXPECT_EQ(seeds[1].row, GlobalId{4}) << kind;
    EXPECT_EQ(seeds[1].label, Label{1}) << kind;
    EXPECT_EQ(seeds[2].row,
              std::string{kind}.find("row") == std::string::npos ? GlobalId{89} : GlobalId{62});
    EXPECT_EQ(seeds[2].label, Label{2}) << kind;
  }
}

TEST(MissingClass, IsAllowedWhereAskedFor) {
  CorpusConfig config = config_of("class-without-seed");
  config.allow_missing_classes = true;
  const Corpus corpus = kith::corpus::describe(world(), config);
  const auto seeds = kith::corpus::read_seeds(world(), corpus, config);
  kith::corpus::RowReader reader{corpus};

  const auto census = kith::corpus::take_census(world(), corpus, config, reader, seeds);

  EXPECT_EQ(census.seeds_per_class[1], 0);
  EXPECT_GT(census.seeds_per_class[0], 0);
}

TEST(Duplicates, OverFilesAreCountedAndCollapsedToTheFirst) {
  const CorpusConfig config = config_of("some-duplicates");
  const Corpus corpus = kith::corpus::describe(world(), config);
  kith::corpus::RowReader reader{corpus};

  const auto census = kith::corpus::take_census(world(), corpus, config, reader, {});

  EXPECT_EQ(census.num_duplicate_groups, 3);
  EXPECT_EQ(census.num_duplicate_items, 4);
  EXPECT_EQ(census.largest_group, 3);
  EXPECT_EQ(census.largest_group_row, GlobalId{5});
  EXPECT_EQ(census.num_zero_vectors, 2);
}

}  // namespace
