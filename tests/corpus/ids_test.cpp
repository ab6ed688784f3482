// Ids of the types that people have.
#include "kith/corpus/ids.hpp"

#include <cstdint>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kith/comm/agree.hpp"
#include "kith/corpus/census.hpp"
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
using kith::corpus::IdKind;
using kith::test::MadeFile;
using kith::test::message_of;
using kith::test::TemporaryDirectory;
using kith::test::world;
using testing::ElementsAre;

constexpr Count kRows = 4;  // of a file

/// Rank 0 writes NAME with four vectors and labels, and what `add_ids` adds.
template <class AddIds>
void write_part(const TemporaryDirectory& directory, const std::string& name, AddIds&& add_ids) {
  kith::comm::on_root(world(), [&] {
    const MadeFile file{directory / name};
    const std::vector<float> vectors = {1, 2, 3, 4, 5, 6, 7, 8};
    const std::vector<std::int8_t> labels = {0, 1, -1, -1};
    file.add("embeddings", H5T_NATIVE_FLOAT, {kRows, 2}, vectors.data());
    file.add("labels", H5T_NATIVE_INT8, {kRows}, labels.data());
    add_ids(file);
  });
}

CorpusConfig config_of(const TemporaryDirectory& directory) {
  CorpusConfig config;
  config.files = {directory / "part-*.h5"};
  config.labels = "labels";
  return config;
}

void take_census(const Corpus& corpus, const CorpusConfig& config) {
  kith::corpus::RowReader reader{corpus};
  (void)kith::corpus::take_census(world(), corpus, config, reader, {});
}

template <class T>
auto numbers(hid_t type, std::vector<T> values) {
  return [type, values](const MadeFile& file) { file.add("ids", type, {kRows}, values.data()); };
}

auto texts(std::vector<std::string> values, std::size_t length = H5T_VARIABLE) {
  return [=](const MadeFile& file) { file.add_strings("ids", values, length); };
}

TEST(Ids, KeepTheirSign) {
  const TemporaryDirectory directory{world()};
  write_part(directory, "part-0.h5", numbers<std::int64_t>(H5T_NATIVE_INT64, {-7, -8, 0, 5}));
  write_part(directory, "part-1.h5", numbers<std::uint32_t>(H5T_NATIVE_UINT32, {1, 2, 3, ~0U}));
  const CorpusConfig config = config_of(directory);

  const Corpus corpus = kith::corpus::describe(world(), config);

  EXPECT_EQ(corpus.id_kind, IdKind::signed_integer);  // holds those of both files
  const IdRange<GlobalId> rows{GlobalId{1}, GlobalId{8}};
  EXPECT_THAT(kith::corpus::read_id_numbers<std::int64_t>(corpus, config, rows),
              ElementsAre(-8, 0, 5, 1, 2, 3, 4294967295));
  EXPECT_THAT(kith::corpus::read_id_texts(corpus, config, {GlobalId{0}, GlobalId{1}}),
              ElementsAre("-7"));
}

TEST(Ids, OfFilesFitTogetherOrTheSentenceSaysWhichDoNot) {
  const TemporaryDirectory directory{world()};
  const std::string first = directory / "part-0.h5";
  const std::string second = directory / "part-1.h5";
  const auto describe = [&] {
    return message_of([&] { (void)kith::corpus::describe(world(), config_of(directory)); });
  };
  write_part(directory, "part-0.h5", numbers<std::int8_t>(H5T_NATIVE_INT8, {1, 2, 3, 4}));
  write_part(directory, "part-1.h5", numbers<std::uint64_t>(H5T_NATIVE_UINT64, {5, 6, 7, 8}));
  EXPECT_EQ(describe(), second + ": /ids: holds u64, but " + first + " holds signed integers");
  write_part(directory, "part-1.h5", texts({"a", "b", "c", "d"}));
  EXPECT_EQ(describe(), second + ": /ids: holds string, but " + first + " holds integers");
  write_part(directory, "part-1.h5", numbers<double>(H5T_NATIVE_DOUBLE, {1, 2, 3, 4}));
  EXPECT_EQ(describe(), second + ": /ids: holds f64, expected integers or strings");
}

TEST(Ids, MayBeTextsThatSeedsAreGivenBy) {
  const TemporaryDirectory directory{world()};
  write_part(directory, "part-0.h5",
             texts({"a,1",
                    "Stra\xC3\x9F"
                    "e",
                    "c", " d"}));
  write_part(directory, "part-1.h5", texts({"e", "f", "0", "-1"}, 5));
  kith::comm::on_root(world(), [&] {
    kith::io::write_file_atomically(directory / "seeds.csv",
                                    "id,label\n\"a,1\",0\nStra\xC3\x9F"
                                    "e,1\n-1,1\n0,0\n");
  });
  CorpusConfig config = config_of(directory);
  config.labels = "";
  config.seeds = directory / "seeds.csv";

  const Corpus corpus = kith::corpus::describe(world(), config);
  const auto seeds = kith::corpus::read_seeds(world(), corpus, config);

  EXPECT_EQ(corpus.id_kind, IdKind::text);
  ASSERT_EQ(seeds.size(), 4U);
  EXPECT_EQ(seeds[0].row, GlobalId{0});
  EXPECT_EQ(seeds[1].row, GlobalId{1});
  EXPECT_EQ(seeds[2].row, GlobalId{6});
  EXPECT_EQ(seeds[3].row, GlobalId{7});
  EXPECT_THAT(kith::corpus::read_id_texts(corpus, config, {GlobalId{3}, GlobalId{6}}),
              ElementsAre(" d", "e", "f"));
  EXPECT_EQ(message_of([&] { take_census(corpus, config); }), "");
  kith::comm::on_root(world(), [&] {
    kith::io::write_file_atomically(directory / "seeds.csv", "id,label\nc,1\nC,0\n");
  });
  EXPECT_EQ(message_of([&] { (void)kith::corpus::read_seeds(world(), corpus, config); }),
            (directory / "seeds.csv") + ": line 3: id C is not in the corpus");
}

TEST(Ids, ThatAreTextsAreUniqueOverAllFiles) {
  const TemporaryDirectory directory{world()};
  write_part(directory, "part-0.h5", texts({"a", "b", "c", "d"}));
  write_part(directory, "part-1.h5", texts({"e", "b", "g", "a"}, 1));
  const CorpusConfig config = config_of(directory);
  const Corpus corpus = kith::corpus::describe(world(), config);

  EXPECT_EQ(message_of([&] { take_census(corpus, config); }),
            (directory / "part-1.h5") + ": /ids: row 1: id b is also that of " +
                (directory / "part-0.h5") + ": /ids: row 1");
  write_part(directory, "part-1.h5", texts({"e", "f", "", "h"}));
  EXPECT_EQ(message_of([&] { take_census(corpus, config); }),
            (directory / "part-1.h5") + ": /ids: row 2: the id is empty");
}

}  // namespace
