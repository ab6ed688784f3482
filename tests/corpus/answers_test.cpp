#include "kith/corpus/answers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kith/comm/agree.hpp"
#include "kith/io/files.hpp"

#include "corpus/moment.hpp"
#include "support/failures.hpp"
#include "support/mpi_world.hpp"
#include "support/temporary_directory.hpp"

namespace kith::corpus {
namespace {

using test::message_of;
using test::TemporaryDirectory;
using test::world;
using testing::ElementsAre;
using testing::HasSubstr;

void write(const std::string& path, const std::string& text) {
  comm::on_root(world(), [&] { io::write_file_atomically(path, text); });
}

/// Without a corpus.
Answers read(const TemporaryDirectory& directory, const std::string& text) {
  CorpusConfig config;
  config.answers = directory / "answers.csv";
  write(config.answers, text);
  return read_answers(world(), nullptr, config);
}

std::string error_of(const std::string& text) {
  const TemporaryDirectory directory{world()};
  return message_of([&] { (void)read(directory, text); });
}

/// The label of item 0 by annotator 0 where `answers` are lines "label,time".
std::string latest(const std::string& answers) {
  const TemporaryDirectory directory{world()};
  std::string text = "item,annotator,label,time\n";
  std::size_t first = 0;
  for (std::size_t end = 0; (end = answers.find(' ', first)) != std::string::npos;
       first = end + 1) {
    text += "i,a," + answers.substr(first, end - first) + "\n";
  }
  const Answers read_back = read(directory, text + "i,a," + answers.substr(first) + "\n");
  EXPECT_EQ(read_back.answers.size(), 1U);
  return read_back.classes[to_size(read_back.answers[0].label)];
}

TEST(Answers, HaveNamesAsPeopleCount) {
  const TemporaryDirectory directory{world()};

  const Answers answers = read(directory,
                               "label,annotator,id\nred,w10,item 10\nblue,w9,item 9\n,w9,item 10\n"
                               "red,w9,item 2\n-1,w1,item 1\nblue,w10,item 9\n");

  EXPECT_THAT(answers.item_names, ElementsAre("item 2", "item 9", "item 10"));
  EXPECT_THAT(answers.annotators, ElementsAre("w9", "w10"));
  EXPECT_THAT(answers.classes, ElementsAre("blue", "red"));
  EXPECT_THAT(answers.answers,
              ElementsAre(Answer{0, 0, 1}, Answer{1, 0, 0}, Answer{1, 1, 0}, Answer{2, 1, 1}));
  EXPECT_THAT(answers.notes, ElementsAre(HasSubstr("2 lines have no label")));
}

TEST(Answers, TakeWholeNumbersByValue) {
  const TemporaryDirectory directory{world()};

  const Answers answers =
      read(directory, "item,annotator,label\n0,a,1\n0,b,1.0\n1,a,10\n1,b,2\n2,a,-1.0\n");

  EXPECT_THAT(answers.classes, ElementsAre("1", "2", "10"));
  EXPECT_EQ(answers.answers[0].label, answers.answers[1].label);
  EXPECT_EQ(answers.answers.size(), 4U);
  write(directory / "truth.csv", "item,label\n0,1.0\n1,\n7,2\n1,10\n");
  const KnownLabels known = read_known_labels(world(), directory / "truth.csv", answers);
  EXPECT_THAT(known.classes, ElementsAre(0, 2));
  EXPECT_EQ(known.num_ignored, 1);
}

TEST(Answers, OfAnAnnotatorOnAnItemTheLatestCounts) {
  EXPECT_EQ(latest("x,1.5 y,1.25"), "x");
  EXPECT_EQ(latest("x,9 y,10"), "y");
  EXPECT_EQ(latest("x,1700000000000000001 y,1700000000000000000"), "x");  // beyond double
  EXPECT_EQ(latest("x,-1.5 y,-1.25"), "y");
  EXPECT_EQ(latest("x,2024-05-03T10:00:00.5 y,2024-05-03T10:00:00.25"), "x");
  EXPECT_EQ(latest("x,2024-05-03T10:00+00:00 y,2024-05-03T11:00+02:00"), "x");
  EXPECT_EQ(latest("x,2024-05-03T10:00:00Z y,2024-05-03T11:30:00+01:30"), "y");  // equal: the last
  EXPECT_EQ(latest("x,2024-05-03 y,2023-12-31T23:59:59"), "x");
  EXPECT_EQ(latest("x,5 y,5 z,5"), "z");
}

TEST(Answers, RefuseTimesThatAreNone) {
  const auto error = [](const std::string& first, const std::string& second) {
    return error_of("item,annotator,label,time\n0,a,x," + first + "\n0,b,y," + second + "\n");
  };

  EXPECT_THAT(error("1.5", ""), HasSubstr("line 3: time \"\", expected a number"));
  EXPECT_THAT(error("1", "2024-05-03"), HasSubstr("expected a number"));
  EXPECT_THAT(error("2024-05-03", "7"), HasSubstr("time \"7\", expected a date"));
  EXPECT_THAT(error("2024-02-30", "7"), HasSubstr("line 2: time \"2024-02-30\", expected a date"));
  EXPECT_THAT(error("2024-05-03T25:00", "7"), HasSubstr("line 2"));
  EXPECT_THAT(error("yesterday", "7"), HasSubstr("time \"yesterday\", expected a date"));
}

TEST(Answers, SayWhatIsWrong) {
  EXPECT_THAT(error_of("item,annotator,label\n,a,x\n"), HasSubstr("line 2: the item has no name"));
  EXPECT_THAT(error_of("item,annotator,label\n0,,x\n"),
              HasSubstr("line 2: the annotator has no name"));
  EXPECT_THAT(error_of("item,annotator,label\n0,a,-2\n"), HasSubstr("line 2: label -2, expected"));
  EXPECT_THAT(error_of("item,annotator,label\n0,a,\n"), HasSubstr("holds no answer"));
  EXPECT_THAT(error_of("item,id,annotator,label\n0,0,a,x\n"), HasSubstr("not 2"));
  EXPECT_THAT(error_of("annotator,label\na,x\n"), HasSubstr("has no column item"));
  const TemporaryDirectory directory{world()};
  const Answers answers = read(directory, "item,annotator,label\n0,a,x\n0,b,y\n");
  write(directory / "truth.csv", "item,label\n0,x\n0,y\n");
  EXPECT_THAT(
      message_of([&] { (void)read_known_labels(world(), directory / "truth.csv", answers); }),
      HasSubstr("line 3: item 0 has a second label, y"));
}

TEST(Moment, OfADateIsInSecondsOfUtc) {
  EXPECT_EQ(moment_of_date("1970-01-02"), (Moment{86400, 0}));
  EXPECT_EQ(moment_of_date("1970-01-01T01:00:00.5+01:00"), (Moment{0, 500'000'000}));
  EXPECT_EQ(moment_of_date("1969-12-31 23:59:59Z"), (Moment{-1, 0}));
  for (const char* text :
       {"1970", "1970-13-01", "1970-01-01T", "1970-01-01T1:00", "1970-01-01T00:60",
        "1970-01-01T00:00:00.", "1970-01-01T00:00+", "1970-01-01T00:00Zx"}) {
    EXPECT_FALSE(moment_of_date(text)) << text;
  }
}

TEST(Moment, OfANumberKeepsItsDigits) {
  EXPECT_EQ(moment_of_number("1.000000001"), (Moment{1, 1}));
  EXPECT_EQ(moment_of_number("-0.25"), (Moment{-1, 750'000'000}));
  EXPECT_EQ(moment_of_number("9223372036854775807"), (Moment{INT64_MAX, 0}));
  EXPECT_EQ(moment_of_number("1.5e3"), (Moment{1500, 0}));
  for (const char* text : {"", "x", "1e300", "nan", "inf", "1.2.3"}) {
    EXPECT_FALSE(moment_of_number(text)) << text;
  }
}

}  // namespace
}  // namespace kith::corpus
