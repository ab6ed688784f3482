#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kith/comm/agree.hpp"
#include "kith/core/random.hpp"
#include "kith/corpus/labels.hpp"
#include "kith/io/files.hpp"

#include "corpus/made_corpus.hpp"
#include "support/failures.hpp"

namespace {

using kith::Count;
using kith::GlobalId;
using kith::Label;
using kith::corpus::Corpus;
using kith::corpus::Seed;
using kith::test::config_of;
using kith::test::make_corpus;
using kith::test::message_of;
using kith::test::world;
using testing::ElementsAre;

void write_seeds(const kith::test::TemporaryDirectory& directory, const std::string& text) {
  kith::comm::on_root(world(),
                      [&] { kith::io::write_file_atomically(directory / "seeds.csv", text); });
}

TEST(Seeds, OfTheLabelColumnAreTheLabeledRows) {
  const kith::test::TemporaryDirectory directory{world()};
  const auto made = make_corpus(101, 4);
  kith::test::write_corpus(made, directory, 3);
  const auto config = config_of(directory);
  const Corpus corpus = kith::corpus::describe(world(), config);

  const auto seeds = kith::corpus::read_seeds(world(), corpus, config);

  std::vector<Seed> expected;
  for (Count row = 0; row < made.num_rows(); ++row) {
    const std::int32_t label = made.labels[kith::to_size(row)];
    if (label >= 0) {
      expected.push_back({GlobalId{row}, Label{label}, 1});
    }
  }
  EXPECT_EQ(seeds, expected);
}

TEST(Seeds, OfAFileJoinThoseOfTheColumn) {
  const kith::test::TemporaryDirectory directory{world()};
  kith::test::write_corpus(make_corpus(12, 3), directory, 2);
  write_seeds(directory,
              "\xEF\xBB\xBFid,label,weight\r\n1000, 0 ,0.25\r\n\r\n967,1,3\r\n997,2,1\r\n");
  auto config = config_of(directory);
  config.seeds = directory / "seeds.csv";
  const Corpus corpus = kith::corpus::describe(world(), config);

  const auto seeds = kith::corpus::read_seeds(world(), corpus, config);

  EXPECT_THAT(seeds, ElementsAre(Seed{GlobalId{0}, Label{0}, 0.25F}, Seed{GlobalId{1}, Label{2}, 1},
                                 Seed{GlobalId{4}, Label{1}, 1}, Seed{GlobalId{8}, Label{2}, 1},
                                 Seed{GlobalId{11}, Label{1}, 3}));
}

TEST(Seeds, AreSoftWhereARowHasSeveralLabels) {
  const kith::test::TemporaryDirectory directory{world()};
  kith::test::write_corpus(make_corpus(12, 3), directory, 2);
  write_seeds(directory, "row,label,weight\n5,0,0.3\n5,2,0.6\n5,1,0.3\n5,2,0.9\n9,1,2\n");
  auto config = config_of(directory);
  config.labels.clear();
  config.seeds = directory / "seeds.csv";
  config.soft_seeds = true;
  const Corpus corpus = kith::corpus::describe(world(), config);

  const auto seeds = kith::corpus::read_seeds(world(), corpus, config);

  EXPECT_THAT(
      seeds,
      ElementsAre(Seed{GlobalId{5}, Label{2}, 0.6F, true}, Seed{GlobalId{5}, Label{0}, 0.3F, true},
                  Seed{GlobalId{5}, Label{1}, 0.3F, true}, Seed{GlobalId{9}, Label{1}, 2, false}));
}

TEST(Seeds, WithoutClassNamesDecideTheNumberOfClasses) {
  const kith::test::TemporaryDirectory directory{world()};
  kith::test::write_corpus(make_corpus(12, 3), directory, 2);
  write_seeds(directory, "row,label\n1,4\n");
  auto config = config_of(directory);
  config.seeds = directory / "seeds.csv";

  const Corpus corpus = kith::corpus::describe(world(), config);

  EXPECT_THAT(corpus.class_names, ElementsAre("0", "1", "2", "3", "4"));
  EXPECT_EQ(message_of([&] { (void)kith::corpus::read_seeds(world(), corpus, config); }),
            "class 3 (\"3\") has no seed, so no item could get it (1 of 5 classes have none; "
            "corpus.allow_missing_classes goes on)");
}

TEST(Seeds, OfFileAndColumnMayNotDisagree) {
  const kith::test::TemporaryDirectory directory{world()};
  kith::test::write_corpus(make_corpus(12, 3), directory, 2);
  write_seeds(directory, "row,label\n4,2\n");
  auto config = config_of(directory);
  config.seeds = directory / "seeds.csv";
  const Corpus corpus = kith::corpus::describe(world(), config);

  EXPECT_EQ(message_of([&] { (void)kith::corpus::read_seeds(world(), corpus, config); }),
            (directory / "part-1.h5") + ": labels: row 0: labels row 4 of the corpus 1, but " +
                (directory / "seeds.csv") +
                ": line 2 labels it 2 (corpus.soft_seeds takes both, by weight)");
}

TEST(Seeds, AreRefusedWithFileAndLine) {
  const kith::test::TemporaryDirectory directory{world()};
  kith::test::write_corpus(make_corpus(12, 3), directory, 1);
  auto config = config_of(directory);
  config.seeds = directory / "seeds.csv";
  const Corpus corpus = [&] {
    auto columns_only = config;
    columns_only.seeds.clear();
    return kith::corpus::describe(world(), columns_only);
  }();
  const auto fault_of = [&](const std::string& text) {
    write_seeds(directory, text);
    return message_of([&] { (void)kith::corpus::read_seeds(world(), corpus, config); });
  };
  const std::string path = config.seeds;

  EXPECT_EQ(fault_of("row,id,label\n1,2,0\n"),
            path +
                ": line 1: has a column row and a column id, expected one of them to say which "
                "item is meant");
  EXPECT_EQ(fault_of("row,label\n1O,0\n"), path + ": line 2: row \"1O\" is not a whole number");
  EXPECT_EQ(fault_of("id,label\n1.0,0\n"), path + ": line 2: id \"1.0\" is not a whole number");
  EXPECT_EQ(fault_of("row,label,weight\n1,0,\"0,5\"\n"),
            path + ": line 2: weight \"0,5\", expected a number in 1e-09..1000000000");
  EXPECT_EQ(fault_of("row,label\r1,0\r2,\xE9\r"), path + ": line 3: is not UTF-8: \"2,\\xE9\"");
}

TEST(Seeds, WithNamesMayBeGivenByEither) {
  const kith::test::TemporaryDirectory directory{world()};
  kith::test::write_corpus(make_corpus(8, 2), directory, 1);
  write_seeds(directory, "who;label;row\r\nann;\"big, \"\"old\"\" cat\";1\r;dog;2\nbob;1.0;3\n");
  kith::comm::on_root(world(), [&] {
    kith::io::write_file_atomically(directory / "classes.txt",
                                    "\xEF\xBB\xBF"
                                    "dog\rbig, \"old\" cat\r\r");
  });
  auto config = config_of(directory);
  config.labels = "";
  config.seeds = directory / "seeds.csv";
  config.classes = directory / "classes.txt";
  const Corpus corpus = kith::corpus::describe(world(), config);

  const auto seeds = kith::corpus::read_seeds(world(), corpus, config);

  EXPECT_THAT(seeds, ElementsAre(Seed{GlobalId{1}, Label{1}, 1}, Seed{GlobalId{2}, Label{0}, 1},
                                 Seed{GlobalId{3}, Label{1}, 1}));
}

}  // namespace
