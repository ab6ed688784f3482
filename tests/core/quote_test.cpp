#include "kith/core/quote.hpp"

#include <string>

#include <gtest/gtest.h>

namespace {

using kith::is_utf8;
using kith::quote;

TEST(Quote, LeavesPlainTextAlone) {
  EXPECT_EQ(quote(""), "");
  EXPECT_EQ(quote("caf\xC3\xA9 \xE6\x97\xA5 \xF0\x9F\x90\x9C"),
            "caf\xC3\xA9 \xE6\x97\xA5 \xF0\x9F\x90\x9C");
}

TEST(Quote, ShowsControlCharactersAndBrokenUtf8AsBytes) {
  using namespace std::string_literals;

  EXPECT_EQ(quote("a\0b\n\x1B[31m\x7F"s), "a\\x00b\\x0A\\x1B[31m\\x7F");
  EXPECT_EQ(quote("\xC2\x85"), "\\xC2\\x85");  // next line
  EXPECT_EQ(quote("caf\xE9 ol\xE9"), "caf\\xE9 ol\\xE9");
  EXPECT_EQ(quote("\xC3"), "\\xC3");
}

TEST(Quote, CutsLongTextBetweenCharacters) {
  const std::string even(kith::kQuotedBytes, 'x');

  EXPECT_EQ(quote(even), even);
  EXPECT_EQ(quote(even + "x"), even + "...");
  EXPECT_EQ(quote(even.substr(1) + "\xC3\xA9"), even.substr(1) + "...");
}

TEST(Quote, KnowsUtf8) {
  EXPECT_TRUE(is_utf8("\xED\x9F\xBF\xEE\x80\x80\xF4\x8F\xBF\xBF"));
  for (const char* broken : {"\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                             "\xF8\x88\x80\x80\x80", "\x80", "a\xE6\x97"}) {
    EXPECT_FALSE(is_utf8(broken)) << quote(broken);
  }
}

TEST(CutWords, CutsOnlyLongWords) {
  const std::string path(299, 'p');
  EXPECT_EQ(kith::cut_words(path + ": is gone"), path + ": is gone");
  EXPECT_EQ(kith::cut_words("a  b " + std::string(400, 'x') + " c"),
            "a  b " + std::string(200, 'x') + "... c");
  EXPECT_EQ(kith::cut_words(""), "");
}

}  // namespace
