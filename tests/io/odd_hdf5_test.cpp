// Files that our own writer never makes: written by HDF5 itself, read by InputFile.
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hdf5.h>

#include "kith/io/files.hpp"
#include "kith/io/input_file.hpp"

#include "support/failures.hpp"
#include "support/made_hdf5.hpp"
#include "support/mpi_world.hpp"
#include "support/temporary_directory.hpp"

namespace {

using kith::io::InputFile;
using kith::test::chunked;
using kith::test::Layout;
using kith::test::MadeFile;
using kith::test::message_of;
using kith::test::TemporaryDirectory;
using kith::test::world;
using testing::ElementsAre;

Layout filtered(H5Z_filter_t filter) {
  Layout layout = chunked({2});
  H5Pset_filter(layout.properties, filter, H5Z_FLAG_OPTIONAL, 0, nullptr);
  return layout;
}

Layout elsewhere(const std::string& path) {
  Layout layout;
  H5Pset_external(layout.properties, path.c_str(), 0, 8);
  return layout;
}

std::string describe(const InputFile& file, const std::string& name) {
  return message_of([&] { (void)file.describe(name); });
}

TEST(InputFile, SaysWhereALinkPoints) {
  const TemporaryDirectory directory{world()};
  const std::string path = directory / "links.h5";
  {
    const MadeFile made{path};
    H5Lcreate_soft("/nowhere", made.id(), "soft", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_external("gone.h5", "/v", made.id(), "external", H5P_DEFAULT, H5P_DEFAULT);
    const float value = 3;
    made.add("real", H5T_NATIVE_FLOAT, {1}, &value);
    H5Lcreate_soft("/real", made.id(), "good", H5P_DEFAULT, H5P_DEFAULT);
  }

  const InputFile file{path};

  EXPECT_TRUE(file.has("soft"));
  EXPECT_EQ(describe(file, "soft"), path + ": soft: is a link to /nowhere, which is not there");
  EXPECT_EQ(describe(file, "/external/x"),
            path + ": /external/x: is a link to /v of the file gone.h5, which is not there");
  EXPECT_THAT(file.read_all<float>("good"), ElementsAre(3));
}

TEST(InputFile, SaysThatALostListOfDatasetsIsDamage) {
  const TemporaryDirectory directory{world()};
  const std::string path = directory / "damaged.h5";
  {
    const MadeFile made{path};
    const float value = 3;
    made.add("real", H5T_NATIVE_FLOAT, {1}, &value);
  }
  std::string bytes = kith::io::read_file(path);
  const std::size_t node = bytes.find("SNOD");  // where a group of HDF5 1.8 keeps its names
  ASSERT_NE(node, std::string::npos);
  bytes.replace(node, 4, "LOST");
  kith::io::write_file_atomically(path, bytes);

  const InputFile file{path};

  const std::string expected = "is damaged: what is in it cannot be listed";
  EXPECT_THAT(message_of([&] { (void)file.children("/"); }), testing::HasSubstr(expected));
  EXPECT_THAT(describe(file, "real"), testing::HasSubstr(expected));
  EXPECT_THAT(describe(file, "other"), testing::HasSubstr(expected));
}

TEST(InputFile, SaysWhyValuesCannotBeRead) {
  const TemporaryDirectory directory{world()};
  const std::string path = directory / "values.h5";
  const std::string values = directory / "values.raw";
  {
    const MadeFile made{path};
    made.add("blosc", H5T_NATIVE_FLOAT, {4}, nullptr, filtered(32001));
    made.add("rare", H5T_NATIVE_FLOAT, {4}, nullptr, filtered(511));
    const hid_t nothing = H5Screate(H5S_NULL);
    H5Dclose(H5Dcreate2(made.id(), "null", H5T_NATIVE_FLOAT, nothing, H5P_DEFAULT, H5P_DEFAULT,
                        H5P_DEFAULT));
    H5Sclose(nothing);
    made.add("raw", H5T_NATIVE_FLOAT, {2}, nullptr, elsewhere(values));
  }

  const InputFile file{path};

  EXPECT_EQ(describe(file, "null"), path + ": null: is empty: it was made without a shape");
  EXPECT_EQ(describe(file, "blosc"),
            path +
                ": blosc: went through the filter 32001 (blosc), which HDF5 does not find; "
                "install it (Debian's hdf5-filter-plugin-blosc-serial or Python's package "
                "hdf5plugin) and let HDF5_PLUGIN_PATH name the folder of its plugin");
  EXPECT_EQ(describe(file, "rare"),
            path +
                ": rare: went through the filter 511, which HDF5 does not find; install it "
                "(most filters are in Python's package hdf5plugin) and let HDF5_PLUGIN_PATH "
                "name the folder of its plugin");
  EXPECT_EQ(describe(file, "raw"),
            path + ": raw: its values lie in the file " + values + ", which is not there");
}

TEST(InputFile, ChecksShapesBeforeItAsksForMemory) {
  const TemporaryDirectory directory{world()};
  const std::string path = directory / "huge.h5";
  constexpr hsize_t most = (hsize_t{1} << 63) - 1;
  {
    const MadeFile made{path};
    made.add("wide", H5T_NATIVE_FLOAT, {600, hsize_t{1} << 61}, nullptr, chunked({1, 9}));
    made.add("bytes", H5T_NATIVE_INT8, {most}, nullptr, chunked({9}));
    const hid_t text = H5Tcopy(H5T_C_S1);
    made.add("names", text, {hsize_t{1} << 50}, nullptr, chunked({9}));
    H5Tset_size(text, std::size_t{1} << 31);
    made.add("books", text, {3}, nullptr, chunked({1}));
    H5Tclose(text);
  }

  const InputFile file{path};

  EXPECT_EQ(
      describe(file, "wide"),
      path + ": wide: has the shape 600 x 2305843009213693952, which is too large to be true");
  const std::string too_large = ", too large for the ";
  EXPECT_THAT(message_of([&] { (void)file.read_all<float>("bytes"); }),
              testing::StartsWith(path + ": bytes: has the shape 9223372036854775807" + too_large));
  EXPECT_THAT(message_of([&] { (void)file.read_strings("names"); }),
              testing::StartsWith(path + ": names: has the shape 1125899906842624" + too_large));
  EXPECT_EQ(message_of([&] { (void)file.read_strings("books"); }),
            path + ": books: has strings of 2147483648 bytes, expected at most 1048576");
}

TEST(InputFile, ReadsEnumerationsAndRowsOfStrings) {
  const TemporaryDirectory directory{world()};
  const std::string path = directory / "types.h5";
  {
    const MadeFile made{path};
    const hid_t animal = H5Tenum_create(H5T_STD_I16BE);
    for (const auto& [name, value] : {std::pair{"none", -1}, {"ant", 0}, {"bee", 7}}) {
      auto member = static_cast<std::int16_t>(value);
      H5Tconvert(H5T_NATIVE_INT16, H5T_STD_I16BE, 1, &member, nullptr, H5P_DEFAULT);
      H5Tenum_insert(animal, name, &member);
    }
    const std::array<std::uint8_t, 6> values = {0, 7, 0xFF, 0xFF, 0, 0};
    made.add("animals", animal, {3}, values.data());
    H5Tclose(animal);
    const hid_t text = H5Tcopy(H5T_C_S1);
    H5Tset_size(text, 4);
    made.add("fixed", text, {3}, "one\0two three");
    made.add("latin", text, {2}, "ok\0\0caf\xE9");
    H5Tset_size(text, H5T_VARIABLE);
    const std::array<const char*, 3> texts = {
        "Stra\xC3\x9F"
        "e",
        nullptr, "x"};
    made.add("variable", text, {3}, texts.data());
    H5Tclose(text);
  }

  const InputFile file{path};

  const auto animals = file.describe("animals");
  EXPECT_EQ(animals.type_name, "enumeration");
  EXPECT_FALSE(animals.is_number());
  ASSERT_EQ(animals.members.size(), 3U);
  EXPECT_EQ(animals.members[2].name, "bee");
  EXPECT_EQ(animals.members[2].value, 7);
  EXPECT_THAT(file.read_all<std::int64_t>("animals"), ElementsAre(7, -1, 0));
  EXPECT_TRUE(file.describe("fixed").has_strings);
  EXPECT_THAT(file.read_strings("fixed", 1, 2), ElementsAre("two ", "thre"));
  EXPECT_THAT(file.read_strings("variable", 0, 2), ElementsAre("Stra\xC3\x9F"
                                                               "e",
                                                               ""));
  EXPECT_TRUE(file.read_strings("variable", 3, 0).empty());
  EXPECT_EQ(message_of([&] { (void)file.read_strings("latin", 1, 1); }),
            path + ": latin: row 1: the string caf\\xE9 is not UTF-8");
}

}  // namespace
