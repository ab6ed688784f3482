#include "kith/io/csv.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kith/core/error.hpp"

#include "support/failures.hpp"
#include "support/mutations.hpp"

namespace kith::io {
namespace {

using test::message_of;
using testing::ElementsAre;
using testing::HasSubstr;

CsvReader reader_of(const std::string& text) {
  return CsvReader{TextFile::of_text(text, "f.csv"), "row,label"};
}

/// "row|label" of every row.
std::vector<std::string> rows_of(const std::string& text) {
  CsvReader csv = reader_of(text);
  const std::size_t row = csv.require_column("row");
  const std::size_t label = csv.require_column("label");
  std::vector<std::string> rows;
  while (csv.next_row()) {
    rows.push_back(fmt::format("{}|{}", csv.cell(row), csv.cell(label)));
  }
  return rows;
}

std::string fault_of(const std::string& text) {
  return message_of([&] { (void)rows_of(text); });
}

TEST(Csv, FindsColumnsByName) {
  const auto two = ElementsAre("4|ant", "12|bee");
  EXPECT_THAT(rows_of("row,label\n4,ant\n12,bee\n"), two);
  EXPECT_THAT(rows_of("\n,label,note,row\n0,ant,,4\n1,bee,x,12"), two);
  EXPECT_THAT(rows_of("\"row\",\"label\"\r\n 4 ,\"ant\"\r\n\r\n12, bee\t\r\n,\r\n"), two);
  EXPECT_THAT(rows_of("row;label\n4;ant\n12;bee\n"), two);
  EXPECT_THAT(rows_of("row\tlabel\n4\tant\n12\tbee\n"), two);
  EXPECT_THAT(rows_of("row;label;share\n4;ant;0,5\n12;bee;0,25\n"), two);
  EXPECT_THAT(rows_of("row,label,\n4,ant,\n12,bee,\n"), two);
  EXPECT_FALSE(reader_of("row,label\n").find_column("weight"));
}

TEST(Csv, QuotesProtectWhatTheyHold) {
  EXPECT_THAT(rows_of("row,label\n1,\"bee, wild\"\n2,\"say \"\"a\"\"\"\n3, \" b \" \n4,\"\"\n"),
              ElementsAre("1|bee, wild", "2|say \"a\"", "3| b ", "4|"));
  EXPECT_THAT(rows_of("row,note,label\n1,\"two\r\nlines\",a\n2,5\" disk,b\n"),
              ElementsAre("1|a", "2|b"));
}

TEST(Csv, NamesTheLineWhereARowBegins) {
  CsvReader csv = reader_of("row,label\n1,\"a\nb\"\n\n2,c\n");
  EXPECT_TRUE(csv.next_row());
  EXPECT_EQ(csv.cell(1), "a\nb");
  EXPECT_EQ(csv.place(), "f.csv: line 2");
  EXPECT_TRUE(csv.next_row());
  EXPECT_EQ(csv.line_number(), 5);
  EXPECT_FALSE(csv.next_row());
}

TEST(Csv, SaysWhatIsWrong) {
  EXPECT_EQ(fault_of(""), "f.csv: is empty, expected the header row,label");
  EXPECT_EQ(fault_of("4,ant\n"),
            "f.csv: line 1: has no column row, expected the header row,label; it has: 4, ant");
  EXPECT_EQ(fault_of("row,label,row\n"), "f.csv: line 1: has two columns row");
  EXPECT_EQ(fault_of("row,label\n4\n"), "f.csv: line 2: has 1 values, but the header has 2");
  EXPECT_EQ(fault_of("row,label\n4,bee, wild\n"),
            "f.csv: line 2: has 3 values, but the header has 2 (a text with \",\" stands in double "
            "quotes)");
  EXPECT_EQ(fault_of("row,label\n4,\"bee\n5,ant\n"),
            "f.csv: line 2: a quote that is opened there is not closed");
  EXPECT_THAT(fault_of("row,label\n4,\"bee\n5,\"ant\"\n"),
              HasSubstr("f.csv: line 2: a quote that is opened there is closed before the cell"));
  EXPECT_EQ(fault_of("row,label\n4,b\xE9\n"), "f.csv: line 2: is not UTF-8: \"4,b\\xE9\"");
}

TEST(Csv, CellsComeBackAsTheyWere) {
  for (const std::string text : {"ant", "bee, wild", "say \"a\"", " b", "a;b", "two\nlines", ""}) {
    EXPECT_THAT(rows_of("row,label\n1," + csv_cell(text) + "\n"), ElementsAre("1|" + text));
  }
  EXPECT_EQ(csv_cell("ant"), "ant");
}

TEST(Csv, AnyTextIsATableOrOneSentence) {
  const std::string good =
      "\xEF\xBB\xBFrow,label,\"no,te\"\r\n1,\"a \"\"b\"\"\",x\r\n22,c,\"\n\"\n";
  test::for_each_mutation(good, ",;\t\"\r\n 09a\xE9", 3000, [](const std::string& text) {
    const std::string fault = fault_of(text);
    EXPECT_TRUE(fault.empty() || fault.starts_with("f.csv: ")) << fault;
    EXPECT_EQ(fault.find('\n'), std::string::npos) << fault;
    EXPECT_LT(fault.size(), 600U) << fault;
  });
}

}  // namespace
}  // namespace kith::io
