#include "kith/io/snapshots.hpp"

#include <filesystem>
#include <fstream>
#include <numeric>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include "kith/comm/agree.hpp"
#include "kith/comm/stop.hpp"
#include "kith/core/stop.hpp"

#include "support/mpi_world.hpp"
#include "support/temporary_directory.hpp"

namespace {

using kith::Count;
using kith::comm::StateReader;
using kith::comm::StateWriter;
using kith::io::SnapshotReader;
using kith::io::Snapshots;
using kith::io::SnapshotWriter;
using kith::test::TemporaryDirectory;
using kith::test::world;

constexpr Count kRows = 101;
constexpr Count kWidth = 3;
constexpr Count kRowBytes = kWidth * Count{sizeof(float)};
constexpr Count kOdd = (Count{1} << 60) + 1;  // no double holds it

struct Block {
  Count first;
  std::vector<float> values;
};

/// This rank's rows, all of them `value` and their number.
Block rows_of(float value) {
  const Count first = kRows * world().rank().value() / world().size();
  const Count last = kRows * (world().rank().value() + 1) / world().size();
  Block block{first, std::vector<float>(kith::to_size((last - first) * kWidth))};
  std::iota(block.values.begin(), block.values.end(), value + static_cast<float>(first * kWidth));
  return block;
}

void save(Snapshots& snapshots, float value) {
  snapshots.offer([&](StateWriter& writer) {
    const Block block = rows_of(value);
    writer.write_rows("/rows", std::as_bytes(std::span{block.values}), block.first, kRows,
                      kRowBytes);
    writer.write_counts("/counts", std::vector<Count>{7, kOdd, -9});
    writer.write_numbers("/numbers", std::vector{0.1, -1e300});
  });
}

void read(const StateReader& reader, Block& block) {
  reader.read_rows("/rows", std::as_writable_bytes(std::span{block.values}), block.first,
                   kRowBytes);
}

/// The value that the newest snapshot holds.
std::optional<float> load(Snapshots& snapshots) {
  std::optional<float> value;
  const bool found = snapshots.resume([&](const StateReader& reader) {
    Block block = rows_of(0);
    const std::vector<float> expected = block.values;
    read(reader, block);
    EXPECT_EQ(reader.read_counts("/counts"), (std::vector<Count>{7, kOdd, -9}));
    EXPECT_EQ(reader.read_numbers("/numbers"), (std::vector{0.1, -1e300}));
    float mine = 0;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      mine = block.values[i] - expected[i];
    }
    value = static_cast<float>(kith::comm::max_over_ranks(world(), double{mine}));
  });
  EXPECT_EQ(found, value.has_value());
  return value;
}

Snapshots open(const TemporaryDirectory& directory, const std::string& fingerprint = "print") {
  return {world(), directory.path(), "work", fingerprint, 0};
}

class SnapshotsTest : public testing::Test {
 protected:
  TemporaryDirectory directory_{world()};
};

TEST_F(SnapshotsTest, TheNewestOfTwoIsLoaded) {
  Snapshots first = open(directory_);
  EXPECT_EQ(load(first), std::nullopt);

  for (const float value : {1.0F, 2.0F, 3.0F}) {
    save(first, value);
  }
  Snapshots second = open(directory_);
  EXPECT_EQ(load(second), 3.0F);
  save(second, 4.0F);
  Snapshots third = open(directory_);
  EXPECT_EQ(load(third), 4.0F);

  third.clear();
  Snapshots fourth = open(directory_);
  EXPECT_EQ(load(fourth), std::nullopt);
}

TEST_F(SnapshotsTest, ADamagedOneIsPassedOver) {
  Snapshots snapshots = open(directory_);
  save(snapshots, 1.0F);
  save(snapshots, 2.0F);

  kith::comm::on_root(world(), [&] {
    const std::string path = directory_.path() + "/work.1.h5";
    // One bit of the first row, which the file holds as the floats 2, 3, 4.
    std::fstream file{path, std::ios::in | std::ios::out | std::ios::binary};
    std::string bytes{std::istreambuf_iterator<char>{file}, {}};
    const std::vector<float> row{2, 3, 4};
    const auto at = bytes.find(std::string{reinterpret_cast<const char*>(row.data()), 12});
    ASSERT_NE(at, std::string::npos);
    file.seekp(static_cast<std::streamoff>(at));
    file.put(static_cast<char>(bytes[at] ^ 1));
  });

  Snapshots again = open(directory_);
  EXPECT_EQ(load(again), 1.0F);
  save(again, 5.0F);  // takes the place of the damaged one
  Snapshots last = open(directory_);
  EXPECT_EQ(load(last), 5.0F);
}

TEST_F(SnapshotsTest, RowsOfAnotherSnapshotAreNotTaken) {
  const std::string path = directory_ / "rows.h5";
  const Block block = rows_of(1);
  auto file = kith::io::OutputFile::create(world(), path);
  SnapshotWriter{file, world(), "third"}.write_rows("/rows", std::as_bytes(std::span{block.values}),
                                                    block.first, kRows, kRowBytes);
  file.commit();

  const kith::io::InputFile stored{path};
  Block loaded = rows_of(0);
  const SnapshotReader third{stored, world(), "third"};
  const SnapshotReader fourth{stored, world(), "fourth"};

  EXPECT_NO_THROW(read(third, loaded));
  EXPECT_EQ(loaded.values, block.values);
  EXPECT_THROW(read(fourth, loaded), kith::comm::CollectiveError);
}

TEST_F(SnapshotsTest, AnotherFingerprintOrNoHdf5IsNoSnapshot) {
  Snapshots snapshots = open(directory_);
  save(snapshots, 1.0F);
  kith::comm::on_root(world(),
                      [&] { std::ofstream{directory_.path() + "/work.1.h5"} << "no HDF5"; });

  Snapshots other = open(directory_, "another");
  EXPECT_EQ(load(other), std::nullopt);
  Snapshots same = open(directory_);
  EXPECT_EQ(load(same), 1.0F);
}

TEST_F(SnapshotsTest, AStopIsSavedFirst) {
  Snapshots snapshots{world(), directory_.path(), "work", "print", 1e6};
  save(snapshots, 1.0F);  // too early: not taken
  EXPECT_EQ(load(snapshots), std::nullopt);

  if (world().rank().value() == world().size() - 1) {
    kith::ask_to_stop();
  }
  EXPECT_THROW(save(snapshots, 2.0F), kith::comm::Stopped);
  kith::forget_stop();

  EXPECT_EQ(load(snapshots), 2.0F);
}

TEST_F(SnapshotsTest, ALargeStateWaitsUntilSavingPays) {
  constexpr double kAtOnce_s = 1e-12;
  constexpr Count kWideRow = Count{16} << 20;
  const auto save_wide = [](StateWriter& writer) {
    const std::vector<std::byte> row(kith::to_size(kWideRow));
    writer.write_rows("/row", row, world().rank().value(), world().size(), kWideRow);
  };
  Snapshots small{world(), directory_.path(), "small", "print", kAtOnce_s};
  Snapshots large{world(), directory_.path(), "large", "print", kAtOnce_s};

  save(small, 1.0F);
  large.offer(save_wide);  // twice as many bytes as are written to see how fast that goes

  EXPECT_EQ(load(small), 1.0F);
  const auto nothing = [](const StateReader&) {};
  EXPECT_FALSE(large.resume(nothing));
  kith::ask_to_stop();
  EXPECT_THROW(large.offer(save_wide), kith::comm::Stopped);
  kith::forget_stop();
  EXPECT_TRUE(large.resume(nothing));
  EXPECT_FALSE(std::filesystem::exists(directory_.path() + "/large.probe.h5"));
}

TEST_F(SnapshotsTest, WhereNothingCanBeWrittenWorkGoesOn) {
  Snapshots snapshots{world(), directory_.path() + "/missing", "work", "print", 0};

  EXPECT_NO_THROW(save(snapshots, 1.0F));

  EXPECT_EQ(load(snapshots), std::nullopt);
}

}  // namespace
