#include <sys/stat.h>

#include <cstdint>
#include <filesystem>
#include <numeric>
#include <optional>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kith/comm/agree.hpp"
#include "kith/core/half.hpp"
#include "kith/io/files.hpp"
#include "kith/io/input_file.hpp"
#include "kith/io/output_file.hpp"

#include "support/failures.hpp"
#include "support/mpi_world.hpp"
#include "support/temporary_directory.hpp"

namespace {

using kith::Count;
using kith::Rank;
using kith::io::ElementType;
using kith::io::InputFile;
using kith::io::OutputFile;
using kith::test::message_of;
using kith::test::TemporaryDirectory;
using kith::test::world;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr Count kRows = 1003;
constexpr Count kWidth = 3;

/// Lowers the bytes a call transfers while it lives, so that splitting runs on small data.
class SmallTransfers {
 public:
  SmallTransfers() : before_{kith::io::transfer_bytes()} { kith::io::set_transfer_bytes(100); }
  ~SmallTransfers() { kith::io::set_transfer_bytes(before_); }
  SmallTransfers(const SmallTransfers&) = delete;
  SmallTransfers& operator=(const SmallTransfers&) = delete;

 private:
  Count before_;
};

template <class T>
std::vector<T> values_of(Count first_row, Count num_rows) {
  std::vector<T> values;
  for (Count i = first_row * kWidth; i < (first_row + num_rows) * kWidth; ++i) {
    values.push_back(static_cast<T>(i * 37 % 127));
  }
  return values;
}

/// Uneven blocks; with more than two ranks, rank 1 has none.
Count first_row_of(const kith::comm::Communicator& comm, int rank) {
  const Count even = kRows * rank / comm.size();
  return comm.size() > 2 && rank == 1 ? kRows * 2 / comm.size() : even;
}

template <class T>
void write_columns(OutputFile& file, const kith::comm::Communicator& comm, const char* name) {
  const Count first = first_row_of(comm, comm.rank().value());
  const Count last = first_row_of(comm, comm.rank().value() + 1);
  const std::vector<T> mine = values_of<T>(first, last - first);
  file.write_rows<T>(name, mine, first, {kRows, kWidth});
}

void write_everything(OutputFile& file, const kith::comm::Communicator& comm) {
  write_columns<std::int8_t>(file, comm, "i8");
  write_columns<std::uint8_t>(file, comm, "u8");
  write_columns<std::int16_t>(file, comm, "i16");
  write_columns<std::int32_t>(file, comm, "i32");
  write_columns<std::uint32_t>(file, comm, "/deep/er/u32");
  write_columns<std::int64_t>(file, comm, "i64");
  write_columns<std::uint64_t>(file, comm, "u64");
  write_columns<float>(file, comm, "f32");
  write_columns<double>(file, comm, "f64");
  const std::vector<double> whole = {1.5, -2.5, 3.5};
  file.write_whole<double>("whole", whole, {3});
  file.write_strings("classes", {"cat", "", "großer Hund"});
  file.create_dataset<float>("empty", {0, 5});
  file.set_attribute("/", "program", "kith");
  file.set_attribute("f32", "k", std::int64_t{10});
  file.set_attribute("deep", "share", 0.25);
  file.set_attribute("/", "voters", std::vector<std::string>{"a", "bcd"});
}

template <class T>
void expect_columns(const InputFile& file, const char* name) {
  EXPECT_EQ(file.describe(name).shape, (std::vector<Count>{kRows, kWidth}));
  EXPECT_EQ(file.describe(name).type, kith::io::element_type_of<T>());
  EXPECT_EQ(file.read_all<T>(name), values_of<T>(0, kRows)) << name;
  EXPECT_EQ(file.read_all<double>(name), values_of<double>(0, kRows)) << name;
  EXPECT_EQ(file.read_all<float>(name), values_of<float>(0, kRows)) << name;
}

TEST(OutputFile, ReadsBackAsWritten) {
  const TemporaryDirectory directory{world()};
  const SmallTransfers small;
  OutputFile out = OutputFile::create(world(), directory / "all.h5");
  write_everything(out, world());
  out.commit();

  const InputFile in{directory / "all.h5"};
  expect_columns<std::int8_t>(in, "i8");
  expect_columns<std::uint8_t>(in, "u8");
  expect_columns<std::int16_t>(in, "i16");
  expect_columns<std::int32_t>(in, "i32");
  expect_columns<std::uint32_t>(in, "deep/er/u32");
  expect_columns<std::int64_t>(in, "i64");
  expect_columns<std::uint64_t>(in, "u64");
  expect_columns<float>(in, "f32");
  expect_columns<double>(in, "f64");
  EXPECT_THAT(in.read_all<double>("whole"), ElementsAre(1.5, -2.5, 3.5));
  EXPECT_THAT(in.read_strings("classes"), ElementsAre("cat", "", "großer Hund"));
  EXPECT_EQ(in.describe("empty").shape, (std::vector<Count>{0, 5}));
  EXPECT_THAT(in.attribute_strings("/", "program"), ElementsAre("kith"));
  EXPECT_THAT(in.attribute_strings("/", "voters"), ElementsAre("a", "bcd"));
  EXPECT_EQ(in.attribute<std::int64_t>("f32", "k"), 10);
  EXPECT_EQ(in.attribute<double>("deep", "share"), 0.25);
  EXPECT_FALSE(in.has_attribute("f32", "share"));
  EXPECT_TRUE(in.has("/deep/er/u32"));
  EXPECT_FALSE(in.has("/deep/none/u32"));
  EXPECT_THAT(in.children("/deep"), ElementsAre("er"));
}

TEST(OutputFile, BytesDoNotDependOnTheNumberOfRanks) {
  const TemporaryDirectory directory{world()};
  OutputFile out = OutputFile::create(world(), directory / "all.h5");
  write_everything(out, world());
  out.commit();

  const auto alone = kith::comm::Communicator::duplicate(MPI_COMM_SELF);
  if (world().is_root()) {
    OutputFile serial = OutputFile::create(alone, directory / "serial.h5");
    write_everything(serial, alone);
    serial.commit();
    EXPECT_TRUE(kith::io::read_file(directory / "all.h5") ==
                kith::io::read_file(directory / "serial.h5"));
  }
}

TEST(OutputFile, BlocksComeInAnyOrderFromAnyRank) {
  const TemporaryDirectory directory{world()};
  OutputFile out = OutputFile::create(world(), directory / "a.h5");
  out.create_dataset("half", ElementType::f16, {kRows});
  out.create_dataset<std::int32_t>("row", {kRows});
  kith::comm::locally(world(), [&] {
    for (Count row = kRows - 1; row >= 0; --row) {
      if (row % world().size() == world().rank().value()) {
        const std::vector<std::int32_t> value = {static_cast<std::int32_t>(row)};
        const std::vector<std::uint16_t> half = {kith::float_to_half(static_cast<float>(row) / 2)};
        out.write_block<std::int32_t>("row", value, row);
        out.write_raw("half", ElementType::f16, std::as_bytes(std::span{half}), row);
      }
    }
  });
  out.commit();

  const InputFile in{directory / "a.h5"};
  const auto rows = in.read_all<std::int64_t>("row");
  const auto halves = in.read_all<float>("half");
  EXPECT_EQ(in.describe("half").type, ElementType::f16);
  for (Count row = 0; row < kRows; ++row) {
    EXPECT_EQ(rows[kith::to_size(row)], row);
    EXPECT_EQ(halves[kith::to_size(row)], static_cast<float>(row) / 2);
  }
}

TEST(OutputFile, WithoutCommitLeavesNothingAndKeepsTheOldFile) {
  const TemporaryDirectory directory{world()};
  kith::comm::on_root(world(), [&] { kith::io::write_file_atomically(directory / "a.h5", "old"); });
  {
    OutputFile dropped = OutputFile::create(world(), directory / "a.h5");
    write_columns<float>(dropped, world(), "f32");
  }
  OutputFile discarded = OutputFile::create(world(), directory / "b.h5");
  write_columns<float>(discarded, world(), "f32");
  discarded.discard();
  kith::comm::barrier(world());

  EXPECT_EQ(kith::io::read_file(directory / "a.h5"), "old");
  EXPECT_FALSE(std::filesystem::exists(directory / "a.h5.kith.part"));
  EXPECT_FALSE(std::filesystem::exists(directory / "b.h5.kith.part"));
  EXPECT_FALSE(std::filesystem::exists(directory / "b.h5"));
}

TEST(OutputFile, FailureOfOneRankIsThrownOnAll) {
  const TemporaryDirectory directory{world()};
  OutputFile out = OutputFile::create(world(), directory / "a.h5");
  const bool is_last = world().rank().value() == world().size() - 1;
  const std::vector<float> rows(is_last ? 7 : 0);

  const std::string message = message_of([&] { out.write_rows<float>("x", rows, 0, {2, kWidth}); });

  EXPECT_THAT(message, HasSubstr("a.h5: x: 28 bytes from row 0 on do not fit into 2 rows of 12"));
}

TEST(OutputFile, FileSizeLimitIsOneSentenceOnAllRanks) {
  const TemporaryDirectory directory{world()};
  OutputFile out = OutputFile::create(world(), directory / "a.h5");
  const kith::test::FileSizeLimit limit{1 << 20};

  const std::string message = message_of([&] {
    out.create_dataset<double>("big", {1 << 20, kWidth});
  });

  EXPECT_EQ(message, (directory / "a.h5") + ": big: File too large");
}

TEST(OutputFile, MissingDirectoryIsNamed) {
  EXPECT_EQ(message_of([] { (void)OutputFile::create(world(), "/nowhere/a.h5"); }),
            "/nowhere/a.h5.kith.part: No such file or directory");
}

TEST(InputFile, SaysWhatIsWrongWithAFile) {
  const TemporaryDirectory directory{world()};
  OutputFile out = OutputFile::create(world(), directory / "a.h5");
  write_everything(out, world());
  out.commit();
  kith::comm::on_root(world(), [&] {
    const std::string bytes = kith::io::read_file(directory / "a.h5");
    kith::io::write_file_atomically(directory / "cut.h5", bytes.substr(0, bytes.size() / 2));
    kith::io::write_file_atomically(directory / "text.h5", "no HDF5 at all");
    kith::io::write_file_atomically(directory / "empty.h5", "");
    ASSERT_EQ(mkfifo((directory / "pipe.h5").c_str(), 0600), 0);
  });
  const auto open = [&](const char* name) {
    return message_of([&] { (void)InputFile{directory / name}; });
  };

  EXPECT_EQ(open("none.h5"), (directory / "none.h5") + ": No such file or directory");
  EXPECT_EQ(open("text.h5"), (directory / "text.h5") + ": is not an HDF5 file");
  EXPECT_EQ(open("cut.h5"),
            (directory / "cut.h5") + ": is cut off: it is shorter than its header says");
  EXPECT_EQ(open("empty.h5"), (directory / "empty.h5") + ": is empty, expected an HDF5 file");
  EXPECT_EQ(open("."), (directory / ".") + ": is a directory, expected an HDF5 file");
  EXPECT_EQ(message_of([] { (void)InputFile{"/dev/zero"}; }),
            "/dev/zero: is no plain file, expected an HDF5 file");
  EXPECT_EQ(open("pipe.h5"), (directory / "pipe.h5") + ": is no plain file, expected an HDF5 file");
}

TEST(InputFile, SaysWhatIsWrongWithADataset) {
  const TemporaryDirectory directory{world()};
  OutputFile out = OutputFile::create(world(), directory / "a.h5");
  write_everything(out, world());
  const std::vector<std::int64_t> wide = {1, 2, 300};
  out.write_whole<std::int64_t>("wide", wide, {3});
  out.commit();
  const InputFile in{directory / "a.h5"};
  const std::string path = directory / "a.h5";

  const auto describe = [&](const char* name) {
    return message_of([&] { (void)in.describe(name); });
  };
  EXPECT_EQ(describe("none"), path +
                                  ": has no dataset none; it has: classes, deep, empty, f32, "
                                  "f64, i16, i32, i64, i8, u64, u8, whole and 1 more");
  EXPECT_EQ(describe("deep/none/u32"), path + ": has no dataset deep/none/u32; /deep has: er");
  EXPECT_EQ(describe("/deep/er"), path + ": /deep/er: is a group, expected a dataset; it has: u32");
  EXPECT_EQ(describe("f32/x"), path + ": f32/x: /f32 is a dataset, expected a group");
  EXPECT_EQ(message_of([&] { (void)in.children("f32"); }),
            path + ": f32: is a dataset, expected a group");
  EXPECT_EQ(message_of([&] { (void)in.read_all<float>("classes"); }),
            path + ": classes: holds string, expected numbers");
  EXPECT_EQ(message_of([&] { (void)in.read_strings("f32"); }),
            path + ": f32: holds f32, expected strings");
  EXPECT_EQ(message_of([&] { (void)in.read_all<std::int64_t>("f32"); }),
            path + ": f32: row 0: is stored as f32, expected integers");
  EXPECT_EQ(message_of([&] { (void)in.read_all<std::int8_t>("wide"); }),
            path + ": wide: row 2: 300 does not fit into i8");
  EXPECT_EQ(message_of([&] {
              std::vector<float> out_of(6);
              in.read_rows<float>("f32", kRows - 1, out_of);
            }),
            path + ": f32: rows 1002..1003 were asked for, it has 1003");
}

}  // namespace
