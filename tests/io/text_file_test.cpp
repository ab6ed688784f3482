#include "kith/io/text_file.hpp"

#include <sys/stat.h>

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kith/core/error.hpp"
#include "kith/io/files.hpp"

#include "support/failures.hpp"
#include "support/mpi_world.hpp"
#include "support/temporary_directory.hpp"

namespace kith::io {
namespace {

using test::message_of;
using test::world;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using namespace std::string_literals;

std::vector<std::string> lines_of(TextFile text) {
  std::vector<std::string> lines;
  while (text.next_line()) {
    lines.emplace_back(text.line());
  }
  return lines;
}

std::vector<std::string> lines_of(const std::string& text) {
  return lines_of(TextFile::of_text(text, "f"));
}

std::string fault_of(const std::string& text) {
  return message_of([&] { (void)lines_of(text); });
}

std::string utf16(const std::u16string& text, bool is_big) {
  std::string bytes;
  for (const char16_t unit : u"\uFEFF" + text) {
    const char low = static_cast<char>(unit & 0xFF);
    const char high = static_cast<char>(unit >> 8);
    bytes += is_big ? std::string{high, low} : std::string{low, high};
  }
  return bytes;
}

TEST(TextFile, EndsLinesAsEverySystemDoes) {
  const auto three = ElementsAre("a", "", "b\tc");
  EXPECT_THAT(lines_of("a\n\nb\tc\n"), three);
  EXPECT_THAT(lines_of("a\n\nb\tc"), three);
  EXPECT_THAT(lines_of("a\r\n\r\nb\tc\r\n"), three);
  EXPECT_THAT(lines_of("a\r\rb\tc\r"), three);
  EXPECT_THAT(lines_of("a\r\n\rb\tc\n"), three);
  EXPECT_THAT(lines_of(""), IsEmpty());
  EXPECT_THAT(lines_of("\n"), ElementsAre(""));
}

TEST(TextFile, IsReadInEveryUnicodeEncodingWithAByteOrderMark) {
  const auto words = ElementsAre("caf\u00E9", "\u65E5\u672C", "\U0001F41D");
  const std::u16string text = u"caf\u00E9\r\n\u65E5\u672C\r\n\U0001F41D";
  EXPECT_THAT(lines_of("\xEF\xBB\xBF"s + "caf\u00E9\n\u65E5\u672C\n\U0001F41D"), words);
  EXPECT_THAT(lines_of(utf16(text, false)), words);
  EXPECT_THAT(lines_of(utf16(text, true)), words);
}

TEST(TextFile, NamesTheLineThatIsNoText) {
  EXPECT_EQ(fault_of("a\r\nch\xE8vre\n"), "f: line 2: is not UTF-8: \"ch\\xE8vre\"");
  EXPECT_EQ(fault_of("a\rb\0c"s),
            "f: line 2: has a zero byte, expected text in UTF-8: \"b\\x00c\"");
  EXPECT_EQ(fault_of("a\x1B[1m"), "f: line 1: has the control character \\x1B: \"a\\x1B[1m\"");
  EXPECT_THAT(fault_of("a\n\xEF\xBB\xBF"
                       "b\n"),
              HasSubstr("f: line 2: has a byte order mark inside"));
  EXPECT_THAT(fault_of(utf16(u"a", false) + "b"), HasSubstr("f: line 1: is not UTF-16"));
  EXPECT_THAT(fault_of(utf16(u"a\nb", true) + "\xD8\x01"), HasSubstr("f: line 2: is not UTF-16"));
  EXPECT_THAT(fault_of(std::string(5000, 'a') + "\xE8 here"), HasSubstr("aaa\\xE8 here\""));
  EXPECT_THAT(fault_of("a\n" + std::string(kLongestLine + 1, 'a')),
              HasSubstr("f: line 2: is longer than 1000000 bytes"));
}

TEST(TextFile, FileIsReadBlockByBlock) {
  const test::TemporaryDirectory directory{world()};
  const std::string path = directory / fmt::format("a{}", world().rank().value());
  std::u16string all;
  std::vector<std::string> expected;
  for (int i = 0; i < 20'000; ++i) {  // ends and pairs of units fall on the ends of blocks
    const std::string line = std::to_string(i) + (i % 3 == 0 ? "\U0001F41D" : "");
    expected.push_back(line);
    for (const char c : std::to_string(i)) {
      all += static_cast<char16_t>(c);
    }
    all += i % 3 == 0 ? u"\U0001F41D\r\n" : i % 3 == 1 ? u"\n" : u"\r";
  }
  write_file_atomically(path, utf16(all, false));

  EXPECT_EQ(lines_of(TextFile{path}), expected);
  EXPECT_THAT(message_of([&] {
                (void)lines_of(TextFile{path, 100'000});
              }),
              HasSubstr("is larger than 97.7 KiB"));
}

TEST(TextFile, IsARegularFile) {
  const test::TemporaryDirectory directory{world()};
  const std::string pipe = directory / fmt::format("pipe{}", world().rank().value());
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(message_of([&] { TextFile{pipe}; }), pipe + ": is a pipe, expected a text file");
  EXPECT_EQ(message_of([&] { TextFile{directory.path()}; }),
            directory.path() + ": is a directory, expected a text file");
  EXPECT_EQ(message_of([] { TextFile{"/dev/zero"}; }),
            "/dev/zero: is a device, expected a text file");
  EXPECT_EQ(message_of([] { TextFile{"/no\nwhere"}; }), "/no\\x0Awhere: No such file or directory");
}

}  // namespace
}  // namespace kith::io
