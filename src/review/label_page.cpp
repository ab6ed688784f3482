// A page to label in: one file, opens from disk, needs nothing else.
#include "kith/core/error.hpp"
#include "kith/core/quote.hpp"

#include "review/label_page_parts.hpp"
#include "review/sheet_forms.hpp"

namespace kith::review {
namespace {

using io::Json;

/// As the content of a script element: "<" could end it.
std::string script_json(const Json& json) {
  std::string safe;
  for (const char c : io::json_text(json, -1)) {
    safe += c == '<' ? "\\u003c" : std::string{c};
  }
  return safe;
}

Json item_of(const Question& question) {
  Json item = {{"row", question.row}};
  add_text(item, "item_id", question.id);
  add_text(item, "text", question.text);
  add_text(item, "uri", question.uri);
  add_text(item, "image", question.image);
  if (question.is_shown) {
    item["predicted"] = question.predicted;
    item["probability"] = question.probability;
  }
  return item;
}

}  // namespace

std::string to_page(const Sheet& sheet) {
  Json items = Json::array();
  for (const Question& question : sheet.questions) {
    items.push_back(item_of(question));
  }
  const Json data = {{"list", sheet.list}, {"classes", sheet.classes}, {"items", items}};
  return std::string{
             "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
             "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
             "<title>Items to label</title>\n<style>"} +
         kPageStyle + "</style>\n</head>\n" + kPageBody +
         "<script type=\"application/json\" id=\"sheet\">" + script_json(data) +
         "</script>\n<script>" + kPageScript + "</script>\n</body>\n</html>\n";
}

std::vector<Answer> answers_of_page(const Json& saved, const std::string& path) {
  const std::string file = std::string{quote(path)};
  if (!saved.contains("answers") || !saved["answers"].is_array()) {
    fail("{}: has no answers: is it a whole copy of what the page has saved?", file);
  }
  std::vector<Answer> answers;
  Count number = 0;
  for (const Json& entry : saved["answers"]) {
    const std::string place = fmt::format("{}: answer {}", file, ++number);
    answers.push_back({text_of(saved, "list", file), row_of(entry, place),
                       text_of(entry, "item_id", place), text_of(saved, "annotator", file),
                       text_of(entry, "label", place), text_of(entry, "time", place),
                       text_of(entry, "note", place), place});
  }
  return answers;
}

}  // namespace kith::review
