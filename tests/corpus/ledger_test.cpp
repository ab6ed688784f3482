#include "kith/corpus/ledger.hpp"

#include <gtest/gtest.h>

#include "kith/core/error.hpp"
#include "kith/io/files.hpp"

#include "support/failures.hpp"
#include "support/mpi_world.hpp"
#include "support/temporary_directory.hpp"

namespace kith::corpus {
namespace {

using test::world;

LedgerLine answer(Count row, const std::string& annotator, const std::string& label) {
  LedgerLine line;
  line.list = "queue-0001-00";
  line.row = row;
  line.annotator = annotator;
  line.label = label;
  line.time = "2024-05-03T10:00:00Z";
  return line;
}

TEST(Ledger, ReadsBackWhatItHasWritten) {
  const test::TemporaryDirectory directory{world()};
  LedgerLine question;
  question.list = "queue-0001-00";
  question.row = 7;
  question.item_id = "a, \"b\"";
  question.reason = "power";
  question.inclusion = 0.125;
  question.predicted = "fox; dog";
  question.probability = 0.625;
  question.is_shown = true;
  LedgerLine said = answer(7, "Ann", "fox; dog");
  said.note = "two\nlines";
  const std::string path = directory / "reviews.csv";
  io::write_file_atomically(path, to_csv({question, said}));

  const std::vector<LedgerLine> lines = read_ledger(path);

  ASSERT_EQ(lines.size(), 2U);
  EXPECT_TRUE(lines[0].is_question());
  EXPECT_EQ(lines[0].item_id, question.item_id);
  EXPECT_EQ(lines[0].inclusion, question.inclusion);
  EXPECT_EQ(lines[0].predicted, question.predicted);
  EXPECT_EQ(lines[0].probability, question.probability);
  EXPECT_TRUE(lines[0].is_shown);
  EXPECT_EQ(lines[1].annotator, "Ann");
  EXPECT_EQ(lines[1].label, said.label);
  EXPECT_EQ(lines[1].note, said.note);
  EXPECT_EQ(to_csv(lines), io::read_file(path));
  EXPECT_TRUE(read_ledger(directory / "none.csv").empty());
}

TEST(Ledger, MostAnnotatorsDecideOrTheAdjudicator) {
  const std::vector<LedgerLine> lines{
      answer(1, "Ann", "ant"), answer(1, "Bob", "bee"), answer(2, "Ann", "ant"),
      answer(1, "Cid", "bee"), answer(2, "Bob", "bee"), answer(3, "Ann", ""),
      answer(2, "Ann", "bee"), answer(4, "Ann", "ant"), answer(4, "Bob", "bee"),
      answer(5, "Ann", "ant"), answer(5, "Ann", ""),
  };

  const auto items = reviewed_items(lines, "");
  const auto judged = reviewed_items(lines, "Ann");

  const std::vector<std::string> labels{"bee", "bee", "", "", ""};
  const std::vector<std::string> of_ann{"ant", "bee", "", "ant", ""};
  ASSERT_EQ(items.size(), labels.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    EXPECT_EQ(items[i].row, static_cast<Count>(i) + 1);
    EXPECT_EQ(items[i].label, labels[i]);
    EXPECT_EQ(judged[i].label, of_ann[i]);
    EXPECT_EQ(items[i].is_disputed, i == 3);
    EXPECT_FALSE(judged[i].is_disputed);
  }
  EXPECT_EQ(items[0].answers, 3);
  EXPECT_EQ(items[2].skips, 1);
  EXPECT_EQ(items[4].skips, 1);  // who had a label at first and then took it back
}

TEST(Ledger, TheLatestAnswerCountsAndItemsGoByTheirIds) {
  LedgerLine early = answer(1, "Ann", "ant");
  LedgerLine late = answer(1, "Ann", "bee");
  late.time = "2024-05-03T12:00:00+01:00";  // an hour later
  LedgerLine moved = answer(9, "Bob", "bee");
  for (LedgerLine* line : {&early, &late, &moved}) {
    line->item_id = "x";
  }
  LedgerLine other = answer(1, "Cid", "cat");
  other.item_id = "y";

  const auto items = reviewed_items({late, early, moved, other}, "");

  ASSERT_EQ(items.size(), 2U);
  EXPECT_EQ(items[0].label, "bee");
  EXPECT_EQ(items[0].answers, 2);
  EXPECT_EQ(items[1].label, "cat");
}

TEST(Ledger, IsNeverWrittenSoThatItCannotBeRead) {
  LedgerLine line = answer(1, "An\x0bn", "ant");
  EXPECT_NE(test::message_of([&] { (void)to_csv({line}); }).find("control character"),
            std::string::npos);
  line = answer(1, "Ann", "ant");
  line.time = "2024-05-03T10:00:00,5Z";
  EXPECT_NO_THROW((void)to_csv({line}));
}

TEST(Ledger, SaysWhatIsWrongWithALine) {
  const test::TemporaryDirectory directory{world()};
  const std::string path = directory / "reviews.csv";
  const std::string head =
      "list,row,item_id,annotator,label,time,reason,inclusion,predicted,probability,shown,note\n";
  const std::vector<std::pair<std::string, std::string>> cases{
      {head + ",1,,,,,,,,,,\n", "line 2: no list is named"},
      {head + "q,-1,,,,,,,,,,\n", "line 2: row \"-1\", expected a whole number of 0 or more"},
      {head + "q,1,,Ann,ant,noon,,,,,,\n", "line 2: time \"noon\", expected a date as"},
      {head + "q,1,,,,,power,2,,,,\n", "line 2: inclusion \"2\", expected a number in 0..1"},
      {"row,label\n1,ant\n", "has no column list"},
  };
  for (const auto& [text, expected] : cases) {
    io::write_file_atomically(path, text);
    EXPECT_NE(test::message_of([&] { (void)read_ledger(path); }).find(expected), std::string::npos)
        << test::message_of([&] { (void)read_ledger(path); });
  }
}

}  // namespace
}  // namespace kith::corpus
