#include "kith/io/files.hpp"

#include <sys/resource.h>

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kith/core/error.hpp"

#include "support/failures.hpp"
#include "support/mpi_world.hpp"
#include "support/temporary_directory.hpp"

namespace {

using kith::Count;
using kith::test::message_of;
using kith::test::world;
using testing::EndsWith;
using testing::HasSubstr;

std::string mine(const kith::test::TemporaryDirectory& directory, const char* name) {
  return directory / fmt::format("{}{}", name, world().rank().value());
}

TEST(AtomicFile, HoldsTheTextAndLeavesNoOther) {
  const kith::test::TemporaryDirectory directory{world()};
  const std::string path = mine(directory, "a");

  kith::io::write_file_atomically(path, "old");
  kith::io::write_file_atomically(path, std::string(100'000, 'x'));

  EXPECT_EQ(kith::io::read_file(path), std::string(100'000, 'x'));
  EXPECT_FALSE(std::filesystem::exists(path + ".kith.part"));
}

TEST(AtomicFile, FullDiskIsOneSentenceAndTheOldFileStays) {
  const kith::test::TemporaryDirectory directory{world()};
  const std::string path = mine(directory, "a");
  kith::io::write_file_atomically(path, "old");
  std::filesystem::create_symlink("/dev/full", path + ".kith.part");

  EXPECT_EQ(message_of([&] { kith::io::write_file_atomically(path, "new"); }),
            path + ": No space left on device");

  EXPECT_EQ(kith::io::read_file(path), "old");
  EXPECT_FALSE(std::filesystem::is_symlink(path + ".kith.part"));
}

TEST(AtomicFile, FileSizeLimitIsAnErrorAndNoSignal) {
  const kith::test::TemporaryDirectory directory{world()};
  const std::string path = mine(directory, "a");
  kith::io::write_file_atomically(path, "old");
  {
    const kith::test::FileSizeLimit limit{1000};

    EXPECT_THAT(message_of([&] { kith::io::write_file_atomically(path, std::string(5000, 'x')); }),
                EndsWith(": File too large"));
  }

  EXPECT_EQ(kith::io::read_file(path), "old");
}

TEST(AtomicFile, MissingDirectoryIsNamed) {
  EXPECT_EQ(message_of([] { kith::io::write_file_atomically("/nowhere/at/all", "x"); }),
            "/nowhere/at/all.kith.part: No such file or directory");
  EXPECT_EQ(message_of([] { (void)kith::io::read_file("/nowhere/at/all"); }),
            "/nowhere/at/all: No such file or directory");
}

TEST(FreeSpace, IsRequiredInOneSentence) {
  const kith::test::TemporaryDirectory directory{world()};

  EXPECT_NO_THROW(kith::io::require_free_space(directory.path(), 1, "a test"));
  EXPECT_THAT(message_of([&] {
                kith::io::require_free_space(directory.path(), Count{1} << 60, "the graph");
              }),
              HasSubstr("the graph needs 1024.0 PiB, but the file system has only"));
  const kith::test::FileSizeLimit limit{2048};
  EXPECT_THAT(
      message_of([&] { kith::io::require_free_space(directory.path(), 4096, "the graph"); }),
      EndsWith("the graph needs 4.0 KiB, but files of this process may not grow beyond 2.0 KiB "
               "(ulimit -f)"));
}

}  // namespace
