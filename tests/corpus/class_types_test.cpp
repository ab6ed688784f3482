// Labels, gold, votes and groups of the types that people have.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kith/comm/agree.hpp"
#include "kith/corpus/labels.hpp"
#include "kith/io/files.hpp"

#include "support/failures.hpp"
#include "support/made_hdf5.hpp"
#include "support/mpi_world.hpp"
#include "support/temporary_directory.hpp"

namespace {

using kith::Count;
using kith::GlobalId;
using kith::IdRange;
using kith::corpus::Corpus;
using kith::corpus::CorpusConfig;
using kith::test::MadeFile;
using kith::test::message_of;
using kith::test::TemporaryDirectory;
using kith::test::world;
using testing::ElementsAre;
using testing::StartsWith;

constexpr IdRange<GlobalId> kAll{GlobalId{0}, GlobalId{4}};

/// A corpus of one file with four vectors of two values.
class FourItems {
 public:
  explicit FourItems(const std::vector<std::string>& classes = {"ant", "bee", "cat"}) {
    config.files = {path};
    config.labels = "labels";
    config.allow_missing_classes = true;
    kith::comm::on_root(world(), [&] {
      file = std::make_unique<MadeFile>(path);
      const std::vector<float> vectors = {1, 2, 3, 4, 5, 6, 7, 8};
      file->add("embeddings", H5T_NATIVE_FLOAT, {4, 2}, vectors.data());
      if (!classes.empty()) {
        file->add_strings("classes", classes);
      }
    });
  }

  template <class T>
  void add(const std::string& name, hid_t type, std::vector<T> values, Count width = 0) {
    kith::comm::on_root(world(), [&] {
      const auto shape = width == 0 ? std::vector<hsize_t>{4}
                                    : std::vector<hsize_t>{4, static_cast<hsize_t>(width)};
      file->add(name, type, shape, values.data());
    });
  }
  void add_strings(const std::string& name, const std::vector<std::string>& texts) {
    kith::comm::on_root(world(), [&] { file->add_strings(name, texts); });
  }

  Corpus describe() {
    kith::comm::on_root(world(), [&] { file.reset(); });
    return kith::corpus::describe(world(), config);
  }
  std::string failure() {
    return message_of([&] { (void)describe(); });
  }
  /// One a row, -1 = no seed.
  std::vector<int> labels() {
    const Corpus corpus = describe();
    std::vector<int> of_row(4, -1);
    for (const auto& seed : kith::corpus::read_seeds(world(), corpus, config)) {
      of_row[kith::to_size(seed.row)] = seed.label.value();
    }
    return of_row;
  }

  TemporaryDirectory directory{world()};
  std::string path = directory / "four.h5";
  CorpusConfig config;
  std::unique_ptr<MadeFile> file;  // rank 0's, while it is written
};

/// An enumeration; closed with the process.
hid_t enumeration(const std::vector<std::pair<const char*, std::int8_t>>& members) {
  const hid_t type = H5Tenum_create(H5T_NATIVE_INT8);
  for (const auto& [name, value] : members) {
    H5Tenum_insert(type, name, &value);
  }
  return type;
}

TEST(ClassColumn, MayBeBooleansByValue) {
  FourItems items{{"no", "yes"}};
  items.add<std::int8_t>("labels", enumeration({{"FALSE", 0}, {"TRUE", 1}}), {1, 0, 0, 1});

  EXPECT_THAT(items.labels(), ElementsAre(1, 0, 0, 1));
}

TEST(ClassColumn, MayBeAnEnumerationByName) {
  FourItems items;
  const hid_t type = enumeration({{"none", -1}, {"cat", 0}, {"ant", 1}, {"cow", 2}});
  items.add<std::int8_t>("labels", type, {0, -1, 1, 0});
  items.add<std::int8_t>("gold", type, {0, 2, 0, 0});

  EXPECT_THAT(items.labels(), ElementsAre(2, -1, 0, 2));
  items.config.gold = "gold";
  EXPECT_EQ(items.failure(), items.path +
                                 ": gold: row 1: \"cow\" is not known, expected one of the "
                                 "3 names, or -1 for none");
}

TEST(ClassColumn, MayBeWholeFloatsInOneColumn) {
  FourItems items;
  items.add<double>("labels", H5T_NATIVE_DOUBLE, {2, NAN, -1, 0}, 1);
  items.add<float>("gold", H5T_NATIVE_FLOAT, {2, NAN, 1.5, 0});

  EXPECT_THAT(items.labels(), ElementsAre(2, -1, -1, 0));
  items.config.gold = "gold";
  EXPECT_EQ(items.failure(),
            items.path + ": gold: row 2: 1.5, expected a whole number, or NaN for none");
}

TEST(ClassColumn, MayBeNames) {
  FourItems items;
  items.add_strings("labels", {"cat", "", "1", "ant"});
  items.add_strings("gold", {"cat", "dog", "", ""});
  items.add_strings("more", {"7", "", "", ""});

  EXPECT_THAT(items.labels(), ElementsAre(2, -1, 1, 0));
  items.config.gold = "gold";
  EXPECT_EQ(items.failure(), items.path +
                                 ": gold: row 1: \"dog\" is not known, expected one of the "
                                 "3 names, or nothing for none");
  items.config.gold = "more";
  EXPECT_EQ(items.failure(),
            items.path + ": more: row 0: label 7, expected 0 to 2, or -1 for none");
}

TEST(ClassColumn, NamesTheClassesIfNothingElseDoes) {
  FourItems items{{}};
  items.add_strings("labels", {"cat", "", "b", "cat"});
  items.add_strings("gold", {"cat", "10", "9", ""});
  items.add<std::int8_t>("numbers", H5T_NATIVE_INT8, {0, 1, 2, 0});
  items.config.gold = "gold";

  EXPECT_THAT(items.labels(), ElementsAre(3, -1, 2, 3));
  EXPECT_THAT(items.describe().class_names, ElementsAre("10", "9", "b", "cat"));
  items.config.gold = "numbers";
  EXPECT_EQ(items.failure(), items.path +
                                 ": numbers: holds numbers, but labels holds names; "
                                 "corpus.classes must say which class is which");
}

TEST(ClassColumn, OfVotesAndGroupsMayHaveNamesToo) {
  FourItems items;
  items.add_strings("labels", {"cat", "bee", "", "ant"});
  items.add<std::int8_t>("votes", enumeration({{"none", -1}, {"cat", 0}, {"ant", 1}}),
                         {0, 1, -1, 0, 1, 1, 0, 0}, 2);
  items.add_strings("site", {"south", "", "north", "south"});
  items.add<std::int8_t>("sure", enumeration({{"FALSE", 0}, {"TRUE", 1}}), {1, 0, 0, 1});
  items.config.votes = "votes";
  items.config.slices = {"site", "sure"};

  const Corpus corpus = items.describe();

  EXPECT_THAT(kith::corpus::read_votes(corpus, items.config, kAll),
              ElementsAre(2, 0, -1, 2, 0, 0, 2, 2));
  EXPECT_THAT(corpus.slices.at(0).names, ElementsAre("north", "south"));
  EXPECT_THAT(kith::corpus::read_slices(corpus, "site", kAll), ElementsAre(1, -1, 0, 1));
  EXPECT_THAT(corpus.slices.at(1).names, ElementsAre("FALSE", "TRUE"));
  EXPECT_THAT(kith::corpus::read_slices(corpus, "sure", kAll), ElementsAre(1, 0, 0, 1));
}

TEST(ClassColumn, TakesNumbersForNamesWhereClassesAreNumbers) {
  FourItems items{{"1", "2", "3"}};
  items.add_strings("labels", {"3", "", "1", "2"});
  items.add_strings("gold", {"0", "", "", ""});

  EXPECT_THAT(items.labels(), ElementsAre(2, -1, 0, 1));
  items.config.gold = "gold";
  EXPECT_EQ(items.failure(), items.path +
                                 ": gold: row 0: \"0\" is not known, expected one of the "
                                 "3 names, or nothing for none");
}

TEST(ClassColumn, OfGroupNamesLeavesTheClassesAlone) {
  FourItems items{{}};
  items.add_strings("site", {"south", "", "north", "south"});
  kith::comm::on_root(world(), [&] {
    kith::io::write_file_atomically(items.directory / "seeds.csv", "row,label\n0,0\n3,1\n");
  });
  items.config.labels = "";
  items.config.seeds = items.directory / "seeds.csv";
  items.config.slices = {"site"};

  EXPECT_THAT(items.labels(), ElementsAre(0, -1, -1, 1));
}

TEST(ClassColumn, OfOtherTypesIsOneSentence) {
  FourItems items;
  items.add<float>("labels", H5T_NATIVE_FLOAT, {1, 2, 1, 2, 1, 2, 1, 2}, 2);
  items.add<std::int8_t>("opaque", H5Tcreate(H5T_OPAQUE, 1), {1, 2, 3, 4});

  EXPECT_EQ(items.failure(),
            items.path + ": labels: has the shape 4 x 2, expected one value an item");
  items.config.labels = "opaque";
  EXPECT_EQ(items.failure(), items.path +
                                 ": opaque: holds another type, expected integers, whole "
                                 "floats, booleans, an enumeration or strings");
}

TEST(Describe, ChecksShapesBeforeAnythingIsAllocated) {
  FourItems items;
  kith::comm::on_root(world(), [&] {
    const auto huge = [&](const char* name, hsize_t rows, hsize_t columns) {
      items.file->add(name, H5T_NATIVE_FLOAT, {rows, columns}, nullptr,
                      kith::test::chunked({1, std::min<hsize_t>(columns, 64)}));
    };
    huge("votes", 4, hsize_t{1} << 40);
    huge("probs_model", 4, hsize_t{1} << 40);
    items.file->add("none", H5T_NATIVE_FLOAT, {4, 0});
    huge("wide", 600, hsize_t{1} << 40);
    huge("long", hsize_t{1} << 40, 64);
    huge("longest", hsize_t{1} << 55, 2);
    H5Gclose(H5Gcreate2(items.file->id(), "probs", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    H5Lcreate_hard(items.file->id(), "probs_model", items.file->id(), "probs/model", H5P_DEFAULT,
                   H5P_DEFAULT);
  });
  items.add<std::int8_t>("labels", H5T_NATIVE_INT8, {0, 1, 2, 0});

  const auto shaped = [&](const char* name, const char* words) {
    return items.path + ": " + name + ": has the shape " + words;
  };
  items.config.votes = "votes";
  EXPECT_EQ(items.failure(), shaped("votes", "4 x 1099511627776, expected 1 to 4096 voters"));
  items.config.votes = "none";
  EXPECT_EQ(items.failure(), shaped("none", "4 x 0, expected 1 to 4096 voters"));
  items.config.votes = "";
  items.config.probs = "probs";
  EXPECT_EQ(items.failure(),
            shaped("probs/model", "4 x 1099511627776, expected 1 to 16777216 classes"));
  items.config.probs = "";
  items.config.embeddings = "wide";
  EXPECT_EQ(items.failure(),
            shaped("wide", "600 x 1099511627776, expected 1 to 16777216 values a vector"));
  items.config.labels = "";
  items.config.embeddings = "long";
  EXPECT_THAT(items.failure(), StartsWith(items.path + ": long: with 1099511627776 items in all"));
  items.config.embeddings = "longest";
  EXPECT_EQ(
      items.failure(),
      shaped("longest", "36028797018963968 x 2, expected at most 281474976710656 items in all"));
}

}  // namespace
