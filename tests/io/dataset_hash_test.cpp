#include "kith/io/dataset_hash.hpp"

#include <numeric>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kith/io/output_file.hpp"

#include "support/failures.hpp"
#include "support/mpi_world.hpp"
#include "support/temporary_directory.hpp"

namespace kith::io {
namespace {

using test::message_of;
using test::TemporaryDirectory;
using test::world;

constexpr Count kWidth = 4;

class DatasetHash : public testing::Test {
 protected:
  /// A file with one dataset of `rows` x 4 whose value at `changed` is another.
  std::string write(const std::string& name, Count rows, Count changed = -1) {
    const std::string path = directory_ / name;
    std::vector<float> values(to_size(rows * kWidth));
    std::iota(values.begin(), values.end(), 0.0F);
    if (changed >= 0) {
      values[to_size(changed)] = -1;
    }
    OutputFile file = OutputFile::create(world(), path);
    file.write_whole<float>("/values", values, {rows, kWidth});
    file.commit();
    return path;
  }
  static std::string hash(const std::string& path, bool all_values = false) {
    const std::vector<DatasetPlace> places{{path, "/values", !all_values}};
    return hash_datasets(world(), places).front();
  }

  TemporaryDirectory directory_{world()};
};

TEST_F(DatasetHash, TellsValuesAndShapesApartNotFiles) {
  const std::string one = hash(write("a.h5", 100));
  EXPECT_EQ(one.size(), 32U);
  EXPECT_EQ(hash(write("b.h5", 100)), one);
  EXPECT_NE(hash(write("c.h5", 100, 399)), one);
  EXPECT_NE(hash(write("d.h5", 101)), one);
}

TEST_F(DatasetHash, OfALargeDatasetTakesASampleUnlessAllCount) {
  constexpr Count kRows = Count{5} << 20;  // 80 MiB
  const std::string large = write("a.h5", kRows);
  const std::string first = write("b.h5", kRows, 0);
  const std::string inner = write("c.h5", kRows, 5000 * kWidth);  // between two blocks

  EXPECT_NE(hash(first), hash(large));
  EXPECT_EQ(hash(inner), hash(large));
  EXPECT_NE(hash(inner, true), hash(large, true));
}

TEST_F(DatasetHash, NamesWhatCannotBeRead) {
  EXPECT_THAT(message_of([&] { (void)hash((directory_ / "none.h5")); }),
              testing::HasSubstr("none.h5"));
}

}  // namespace
}  // namespace kith::io
