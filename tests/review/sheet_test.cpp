#include "kith/review/sheet.hpp"

#include <gtest/gtest.h>

#include "kith/core/error.hpp"
#include "kith/io/files.hpp"
#include "kith/io/json.hpp"

#include "support/failures.hpp"
#include "support/mpi_world.hpp"
#include "support/temporary_directory.hpp"

namespace kith::review {
namespace {

using io::Json;
using test::world;

Sheet made_sheet() {
  Sheet sheet{"queue-0001-00", {"ant", "b & \"c\" <d>"}, {}};
  Question shown;
  shown.row = 5;
  shown.id = "x5";
  shown.predicted = "ant";
  shown.probability = 0.75;
  shown.is_shown = true;
  shown.text = "</script><script>alert(1)</script>, \"quoted\"";
  Question blind = shown;
  blind.row = 8;
  blind.id = "x8";
  blind.is_shown = false;
  blind.text = "";
  sheet.questions = {shown, blind};
  return sheet;
}

std::vector<Answer> read(const std::string& name, const std::string& text) {
  const test::TemporaryDirectory directory{world()};
  io::write_file_atomically(directory / name, text);
  return read_answers(directory / name);
}

TEST(Sheet, AsATableIsReadBackOnceItIsFilledIn) {
  std::string csv = to_text(made_sheet(), SheetForm::csv);
  EXPECT_EQ(csv.find("0.7500"), csv.rfind("0.7500"));  // the second one shows no prediction
  EXPECT_TRUE(read("a.csv", csv).empty());             // nobody has looked yet
  const std::size_t at = csv.rfind(",,,\n");
  csv.replace(at, 4, ",?,Ann,odd\n");

  const std::vector<Answer> answers = read("a.csv", csv);

  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].list, "queue-0001-00");
  EXPECT_EQ(answers[0].row, 8);
  EXPECT_EQ(answers[0].item_id, "x8");
  EXPECT_EQ(answers[0].label, "");
  EXPECT_EQ(answers[0].annotator, "Ann");
  EXPECT_EQ(answers[0].note, "odd");
}

TEST(Sheet, OfLabelStudioHasTasksThatComeBackWithAnnotations) {
  Json tasks = Json::parse(to_text(made_sheet(), SheetForm::label_studio));
  ASSERT_EQ(tasks.size(), 2U);
  EXPECT_EQ(tasks[0]["predictions"][0]["result"][0]["value"]["choices"][0], "ant");
  EXPECT_EQ(tasks[0]["predictions"][0]["score"], 0.75);
  EXPECT_FALSE(tasks[1].contains("predictions"));
  const std::string config = label_studio_config(made_sheet());
  EXPECT_NE(config.find("<Choice value=\"b &amp; &quot;c&quot; &lt;d&gt;\"/>"), std::string::npos);
  const Json result = Json::array({{{"from_name", "label"},
                                    {"to_name", "item"},
                                    {"type", "choices"},
                                    {"value", {{"choices", {"b & \"c\" <d>"}}}}}});
  tasks[0]["annotations"] = Json::array({{{"completed_by", 3},
                                          {"was_cancelled", false},
                                          {"updated_at", "2024-05-03T10:00:00.5Z"},
                                          {"result", result}},
                                         {{"completed_by", {{"id", 4}, {"email", "b@example.org"}}},
                                          {"was_cancelled", true},
                                          {"result", Json::array()}},
                                         {{"completed_by", 5}, {"result", Json::array()}}});

  const std::vector<Answer> answers = read("a.json", tasks.dump());

  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[0].label, "b & \"c\" <d>");
  EXPECT_EQ(answers[0].annotator, "3");
  EXPECT_EQ(answers[0].time, "2024-05-03T10:00:00.5Z");
  EXPECT_EQ(answers[1].annotator, "b@example.org");
  EXPECT_EQ(answers[1].label, "");
  EXPECT_EQ(answers[1].row, 5);
}

TEST(Sheet, TakesTheFlatExportOfLabelStudio) {
  const auto answers = read("a.json", R"([
    {"list": "q", "row": 5, "item_id": "x5", "text": "t", "id": 1, "annotator": 2, "label": "ant",
     "updated_at": "2024-05-03T10:00:00Z"},
    {"list": "q", "row": 6, "id": 2, "annotator": 2, "label": {"choices": ["bee"]}},
    {"list": "q", "row": 7, "id": 3, "annotator": 2}])");

  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[0].label, "ant");
  EXPECT_EQ(answers[1].label, "bee");
  EXPECT_EQ(answers[1].row, 6);
}

TEST(Sheet, AsAPageCannotBeBrokenByItsTexts) {
  const std::string page = to_text(made_sheet(), SheetForm::page);
  const std::string start = "<script type=\"application/json\" id=\"sheet\">";
  const std::size_t begin = page.find(start) + start.size();
  const std::size_t end = page.find("</script>", begin);

  const Json data = Json::parse(page.substr(begin, end - begin));

  EXPECT_EQ(data["items"][0]["text"], made_sheet().questions[0].text);
  EXPECT_EQ(data["items"][0]["predicted"], "ant");
  EXPECT_FALSE(data["items"][1].contains("predicted"));
  EXPECT_EQ(data["classes"][1], "b & \"c\" <d>");
}

TEST(Sheet, SaysWhatIsWrongWithAFile) {
  const std::vector<std::tuple<std::string, std::string, std::string>> cases{
      {"a.csv", "row,label\nx,ant\n", "line 2: row \"x\", expected a whole number"},
      {"a.csv", "id,label\n1,ant\n", "has no column row"},
      {"a.json", "{\"a\": 1}", "is neither what the page"},
      {"a.json", "[{\"data\": {\"text\": \"t\"}}]", "task 1: has no row"},
      {"a.json", "[1]", "task 1: has no row"},
      {"a.json", "[{\"data\": {\"row\": 1}, \"annotations\": [7]}]", "task 1: is not of the form"},
      {"a.json", "[{\"row\": 1.5, \"label\": \"ant\"}]", "task 1: row \"1.5\", expected"},
      {"a.json", "[{\"row\": 1, \"label\": [\"ant\", \"bee\"]}]", "2 classes are chosen"},
      {"a.json", "{\"program\": \"kith\"}", "has no answers"},
      {"a.json", "{\"program\": \"kith\", \"answers\": [{\"label\": 1}]}", "answer 1: row \"\""},
      {"a.json", "[", "is not JSON"},
  };
  for (const auto& [name, text, expected] : cases) {
    const std::string message = test::message_of([&] { (void)read(name, text); });
    EXPECT_NE(message.find(expected), std::string::npos) << message;
  }
  EXPECT_NE(test::message_of([] { (void)form_of("a.txt"); }).find("expected a name that ends with"),
            std::string::npos);
}

}  // namespace
}  // namespace kith::review
