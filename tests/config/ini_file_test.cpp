#include "kith/config/ini_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kith/config/value_text.hpp"
#include "kith/core/error.hpp"

#include "support/failures.hpp"
#include "support/mutations.hpp"

namespace kith::config {
namespace {

using test::message_of;
using testing::ElementsAre;

/// "key|value" of every setting.
std::vector<std::string> settings_of(const std::string& text) {
  std::vector<std::string> found;
  for (const Setting& setting : read_ini(io::TextFile::of_text(text, "f.ini"))) {
    found.push_back(setting.key + "|" + setting.value);
  }
  return found;
}

std::string fault_of(const std::string& text) {
  return message_of([&] { (void)settings_of(text); });
}

TEST(IniFile, JoinsSectionsAndNames) {
  EXPECT_THAT(settings_of("a = 1\n [s] \nb=2\n\tc\t=\n[t.u # v]  # w\nd = x = y\n[s]\ne = 3"),
              ElementsAre("a|1", "s.b|2", "s.c|", "t.u # v.d|x = y", "s.e|3"));
}

TEST(IniFile, CommentsNeedASpaceBeforeThem) {
  EXPECT_THAT(
      settings_of("# a = 1\n;b = 2\n  # c = 3\nd = exp#lr1\ne = x # y\nf = x;y\t; z\n"
                  "g = # only\nh =#x\ni = \"a # b\" # c\nj = a \"b # c\"\nk = a, \"b # c\"\n"),
      ElementsAre("d|exp#lr1", "e|x", "f|x;y", "g|", "h|#x", "i|\"a # b\"", "j|a \"b",
                  "k|a, \"b # c\""));
}

TEST(IniFile, SaysWhatIsWrong) {
  EXPECT_EQ(fault_of("a = 1\nnum_cells: 8\n"),
            "f.ini: line 2: \"num_cells: 8\" is neither [section] nor name = value");
  EXPECT_EQ(fault_of("= 8\n"), "f.ini: line 1: \"= 8\" is neither [section] nor name = value");
  EXPECT_EQ(fault_of("[s]\na = 1\n[t]\n[s]\na = 1\n"),
            "f.ini: line 5: key s.a is given twice, first in line 2");
  for (const std::string section : {"[s", "[]", "[s] t", "[ ]"}) {
    EXPECT_EQ(fault_of(section), "f.ini: line 1: \"" + section +
                                     "\" is no section, expected [name] and nothing else but a "
                                     "comment");
  }
  EXPECT_EQ(fault_of("[s]\na = \xE9\n"), "f.ini: line 2: is not UTF-8: \"a = \\xE9\"");
}

TEST(ValueText, ComesBackAsItWas) {
  for (const std::string value : {"", "a", "a b", " a", "a#b", "a #b", "#a", "a ;", "\"", "\"a\"",
                                  "a \"b\"", "a, \"b # c\"", "a,b", "[a]", "\"a\" b"}) {
    EXPECT_EQ(settings_of("k = " + as_written(value)),
              std::vector<std::string>{"k|" + as_written(value)});
    EXPECT_EQ(unquoted(as_written(value)), value);
  }
  const std::vector<std::string> list{"a,b.h5", "c d", "e #1", "\"f\"", "g[0]", "h\"i"};
  EXPECT_EQ(split_list(as_written(list)), list);
  EXPECT_EQ(settings_of("k = " + as_written(list)),
            std::vector<std::string>{"k|" + as_written(list)});
  EXPECT_EQ(as_written(std::vector<std::string>{"a.h5", "b c/*.h5"}), "a.h5, b c/*.h5");
  EXPECT_THAT(split_list(" a ,, b,"), ElementsAre("a", "b"));
  EXPECT_THAT(message_of([] { (void)split_list("a, \"b"); }),
              "a quote is not closed or does not end the text: \"b");
}

TEST(IniFile, AnyTextIsSettingsOrOneSentence) {
  const std::string good =
      "[run]\ndirectory = exp #1\n[corpus]\nfiles = \"a,b.h5\", c.h5\n; x\n[knn]\nk = 12\n"
      "[member.a]\nmethod = poisson\n[graph.g]\ndataset = /d\n";
  test::for_each_mutation(good, "[]=#;\"\n\r, .9a\xE9", 4000, [](const std::string& text) {
    Config config;
    const std::string fault = message_of([&] {
      for (const Setting& setting : read_ini(io::TextFile::of_text(text, "f.ini"))) {
        apply(setting, config);
      }
    });
    EXPECT_TRUE(fault.empty() || fault.starts_with("f.ini: ")) << fault;
    EXPECT_EQ(fault.find('\n'), std::string::npos) << fault;
    EXPECT_LT(fault.size(), 600U) << fault;
    if (fault.empty()) {
      Config again;
      for (const Setting& setting : read_ini(io::TextFile::of_text(to_text(config), "again"))) {
        apply(setting, again);
      }
      EXPECT_EQ(to_text(again), to_text(config));
    }
  });
}

}  // namespace
}  // namespace kith::config
