#include "kith/review/sheet.hpp"

#include "kith/core/class_table.hpp"
#include "kith/core/error.hpp"
#include "kith/core/quote.hpp"
#include "kith/io/csv.hpp"

#include "review/sheet_forms.hpp"

namespace kith::review {
namespace {

std::vector<Answer> answers_of_csv(const std::string& path) {
  io::CsvReader csv{io::TextFile{path}, "row,label"};
  const std::size_t row_column = csv.require_column("row");
  const std::size_t label_column = csv.require_column("label");
  const auto list_column = csv.find_column("list");
  const auto id_column = csv.find_column("id");
  const auto annotator_column = csv.find_column("annotator");
  const auto time_column = csv.find_column("time");
  const auto note_column = csv.find_column("note");
  const auto optional_cell = [&](const std::optional<std::size_t>& column) {
    return std::string{column ? csv.cell(*column) : std::string_view{}};
  };
  std::vector<Answer> answers;
  while (csv.next_row()) {
    const std::string place = csv.place();
    const std::optional<Count> row = whole_number(csv.cell(row_column));
    if (!row || *row < 0) {
      fail("{}: row \"{}\", expected a whole number of 0 or more", place,
           quote(csv.cell(row_column)));
    }
    std::string label{csv.cell(label_column)};
    if (label.empty()) {
      continue;  // not looked at yet
    }
    answers.push_back({optional_cell(list_column), *row, optional_cell(id_column),
                       optional_cell(annotator_column),
                       label == kDoesNotKnow ? std::string{} : std::move(label),
                       optional_cell(time_column), optional_cell(note_column), place});
  }
  return answers;
}

std::vector<Answer> answers_of_json(const std::string& path) {
  const io::Json json = io::read_json(path);
  if (json.is_object() && json.value("program", io::Json{}) == "kith") {
    return answers_of_page(json, path);
  }
  if (json.is_array()) {
    return answers_of_label_studio(json, path);
  }
  fail("{}: is neither what the page of kith review export saves nor an export of Label Studio",
       path);
}

}  // namespace

SheetForm form_of(const std::string& path) {
  if (path.ends_with(".csv")) {
    return SheetForm::csv;
  }
  if (path.ends_with(".json")) {
    return SheetForm::label_studio;
  }
  if (path.ends_with(".html")) {
    return SheetForm::page;
  }
  fail(
      "{}: expected a name that ends with .csv, .json (Label Studio) or .html (a page to label in)",
      path);
}

std::string to_csv(const Sheet& sheet) {
  std::string csv = "list,row,id,predicted,probability,text,uri,label,annotator,note\n";
  for (const Question& question : sheet.questions) {
    csv += fmt::format("{},{},{},{},{},{},{},,,\n", sheet.list, question.row,
                       io::csv_cell(question.id),
                       question.is_shown ? io::csv_cell(question.predicted) : "",
                       question.is_shown ? fmt::format("{:.4f}", question.probability) : "",
                       io::csv_cell(question.text), io::csv_cell(question.uri));
  }
  return csv;
}

std::string to_text(const Sheet& sheet, SheetForm form) {
  switch (form) {
    case SheetForm::csv:
      return to_csv(sheet);
    case SheetForm::label_studio:
      return to_label_studio(sheet);
    case SheetForm::page:
      return to_page(sheet);
  }
  return {};
}

bool names_lists(const std::string& path) {
  return path.ends_with(".json") ||
         io::CsvReader{io::TextFile{path}, "row,label"}.find_column("list").has_value();
}

std::vector<Answer> read_answers(const std::string& path) {
  return path.ends_with(".json") ? answers_of_json(path) : answers_of_csv(path);
}

void add_text(io::Json& object, const char* name, const std::string& text) {
  if (!text.empty()) {
    object[name] = text;
  }
}

std::string text_of(const io::Json& object, const char* name, const std::string& place) {
  if (!object.is_object() || !object.contains(name) || object[name].is_null()) {
    return {};
  }
  const io::Json& value = object[name];
  if (value.is_string()) {
    return value.get<std::string>();
  }
  if (value.is_number()) {
    return value.dump();
  }
  fail("{}: {} is {}, expected a text", place, name, value.type_name());
}

Count row_of(const io::Json& object, const std::string& place) {
  const std::string text = text_of(object, "row", place);
  const std::optional<Count> row = whole_number(text);
  if (!row || *row < 0) {
    fail("{}: row \"{}\", expected a whole number of 0 or more", place, quote(text));
  }
  return *row;
}

}  // namespace kith::review
