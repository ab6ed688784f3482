#include "report/svg.hpp"

#include <gtest/gtest.h>

#include "kith/core/error.hpp"
#include "kith/report/html.hpp"

#include "report/text.hpp"

namespace kith::report {
namespace {

TEST(Svg, EscapesWhatUsersWrite) {
  EXPECT_EQ(escape("a<b> & \"c\""), "a&lt;b&gt; &amp; &quot;c&quot;");
  const std::string chart = bar_chart("<script>", "share, %", 100, {{"T&S", 40, {}, {}, "T&S: 4"}});
  EXPECT_EQ(chart.find("<script>"), std::string::npos);
  EXPECT_NE(chart.find("T&amp;S"), std::string::npos);
}

TEST(Svg, GroupsDigits) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(70000), "70,000");
  EXPECT_EQ(grouped(-1234567), "-1,234,567");
}

TEST(Svg, DrawsABarForEachValueAndAWhiskerForEachInterval) {
  const std::string chart =
      bar_chart("t", "x", 100, {{"a", 50, 40.0, 60.0, ""}, {"b", 0, {}, {}, ""}});
  const auto count = [&](const std::string& part) {
    int found = 0;
    for (auto at = chart.find(part); at != std::string::npos; at = chart.find(part, at + 1)) {
      ++found;
    }
    return found;
  };
  EXPECT_EQ(count("class=\"mark\""), 2);
  EXPECT_EQ(count("class=\"whisker\""), 3);
}

TEST(Svg, CutsLongNamesBetweenCharacters) {
  const auto repeated = [](int times) {
    std::string name;
    for (int i = 0; i < times; ++i) {
      name += "\u00e4";
    }
    return name;
  };
  const auto chart = [&](int letters) {
    return bar_chart("t", "x", 1, {{repeated(letters), 1, {}, {}, ""}});
  };
  EXPECT_NE(chart(20).find(">" + repeated(20) + "<"), std::string::npos);
  EXPECT_NE(chart(40).find(">" + repeated(26) + "\u2026<"), std::string::npos);
}

TEST(Svg, LeavesUndefinedCellsOfAHeatMapWithoutNumber) {
  const std::string map = heat_map("t", {"a", "b"}, {"c", "d"}, {{0.25, std::nullopt}, {1.0, 0.0}});
  EXPECT_NE(map.find(">0.25</text>"), std::string::npos);
  EXPECT_NE(map.find("a / d: undefined"), std::string::npos);
}

TEST(Html, SaysInOneSentenceThatAReportIsNone) {
  try {
    (void)render_html("{}");
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string{error.what()}.find("report.json"), std::string::npos);
  }
}

}  // namespace
}  // namespace kith::report
