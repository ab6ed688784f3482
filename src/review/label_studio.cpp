#include <map>

#include "kith/core/error.hpp"
#include "kith/core/quote.hpp"

#include "review/sheet_forms.hpp"

namespace kith::review {
namespace {

using io::Json;

constexpr const char* kControl = "label";  // names of the tags in the labeling interface
constexpr const char* kObject = "item";
constexpr const char* kModel = "kith";

/// What a character is written as in an attribute.
std::string xml(char c) {
  static const std::map<char, std::string> kEntities{
      {'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\n', "&#10;"}};
  const auto found = kEntities.find(c);
  return found == kEntities.end() ? std::string{c} : found->second;
}

std::string xml(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    safe += xml(c);
  }
  return safe;
}

Json choices(const std::string& label) {
  return {{"from_name", kControl},
          {"to_name", kObject},
          {"type", "choices"},
          {"value", {{"choices", Json::array({label})}}}};
}

/// The classes chosen in a value: "A", ["A"], {"choices": ["A"]}.
std::vector<std::string> chosen(const Json& value, const std::string& place) {
  if (value.is_string()) {
    return {value.get<std::string>()};
  }
  const Json list = value.is_object() ? value.value("choices", Json::array()) : value;
  std::vector<std::string> labels;
  if (list.is_array()) {
    for (const Json& label : list) {
      if (!label.is_string()) {
        fail("{}: a choice is {}, expected a text", place, label.type_name());
      }
      labels.push_back(label.get<std::string>());
    }
  }
  return labels;
}

std::string only_one(const std::vector<std::string>& labels, const std::string& place) {
  if (labels.size() > 1) {
    fail("{}: {} classes are chosen, expected one", place, labels.size());
  }
  return labels.empty() ? std::string{} : labels.front();
}

/// Whoever completed it: an e-mail address, a number, or an object with either.
std::string annotator_of(const Json& annotation, const char* name, const std::string& place) {
  if (annotation.contains(name) && annotation[name].is_object()) {
    const std::string email = text_of(annotation[name], "email", place);
    return email.empty() ? text_of(annotation[name], "id", place) : email;
  }
  return text_of(annotation, name, place);
}

/// One of the annotations of a task; no answer if it has no result for our control.
std::vector<Answer> answer_of(const Json& annotation, Answer answer) {
  answer.annotator = annotator_of(annotation, "completed_by", answer.place);
  answer.time = text_of(annotation, "updated_at", answer.place);
  const bool is_skipped = annotation.value("was_cancelled", Json{false}) == true;
  std::vector<std::string> labels;
  for (const Json& result : annotation.value("result", Json::array())) {
    if (result.is_object() && result.value("from_name", Json{}) == kControl &&
        result.contains("value")) {
      labels = chosen(result["value"], answer.place);
    }
  }
  if (labels.empty() && !is_skipped) {
    return {};
  }
  answer.label = is_skipped ? std::string{} : only_one(labels, answer.place);
  return {answer};
}

/// A flat object of JSON-MIN.
std::vector<Answer> answer_of_flat(const Json& task, Answer answer) {
  answer.annotator = annotator_of(task, "annotator", answer.place);
  answer.time = text_of(task, "updated_at", answer.place);
  if (!task.contains(kControl)) {
    return {};
  }
  answer.label = only_one(chosen(task[kControl], answer.place), answer.place);
  return answer.label.empty() ? std::vector<Answer>{} : std::vector<Answer>{answer};
}

std::vector<Answer> answers_of_task(const Json& task, const std::string& place) {
  const bool is_flat = task.is_object() && !task.contains("data");
  const Json data = is_flat ? task : task.is_object() ? task["data"] : Json{};
  if (!data.is_object() || !data.contains("row")) {
    fail("{}: has no row: was it exported by kith review export and then by Label Studio as JSON?",
         place);
  }
  Answer answer;
  answer.place = place;
  answer.row = row_of(data, place);
  answer.list = text_of(data, "list", place);
  answer.item_id = text_of(data, "item_id", place);
  if (is_flat) {
    return answer_of_flat(task, answer);
  }
  std::vector<Answer> answers;
  for (const Json& annotation : task.value("annotations", Json::array())) {
    const auto more = answer_of(annotation, answer);
    answers.insert(answers.end(), more.begin(), more.end());
  }
  return answers;
}

}  // namespace

namespace {

Json data_of(const Question& question, const std::string& list) {
  Json data = {{"list", list}, {"row", question.row}};
  add_text(data, "item_id", question.id);
  add_text(data, "uri", question.uri);
  add_text(data, "image", question.image.empty() ? question.uri : question.image);
  add_text(data, "text",
           question.text.empty() ? fmt::format("row {}", question.row) : question.text);
  return data;
}

}  // namespace

std::string to_label_studio(const Sheet& sheet) {
  Json tasks = Json::array();
  for (const Question& question : sheet.questions) {
    Json task = {{"data", data_of(question, sheet.list)}};
    if (question.is_shown) {
      task["predictions"] = Json::array({{{"model_version", kModel},
                                          {"score", question.probability},
                                          {"result", Json::array({choices(question.predicted)})}}});
    }
    tasks.push_back(task);
  }
  return io::json_text(tasks, 1) + "\n";
}

std::string label_studio_config(const Sheet& sheet) {
  const bool has_images = !sheet.questions.empty() && !sheet.questions.front().image.empty();
  std::string config = "<View>\n";
  config += has_images ? fmt::format("  <Image name=\"{}\" value=\"$image\"/>\n", kObject)
                       : fmt::format("  <Text name=\"{}\" value=\"$text\"/>\n", kObject);
  config +=
      fmt::format("  <Choices name=\"{}\" toName=\"{}\" choice=\"single\">\n", kControl, kObject);
  for (const std::string& name : sheet.classes) {
    config += fmt::format("    <Choice value=\"{}\"/>\n", xml(name));
  }
  return config + "  </Choices>\n</View>\n";
}

std::vector<Answer> answers_of_label_studio(const Json& tasks, const std::string& path) {
  std::vector<Answer> answers;
  Count number = 0;
  for (const Json& task : tasks) {
    const std::string place = fmt::format("{}: task {}", quote(path), ++number);
    try {
      const auto more = answers_of_task(task, place);
      answers.insert(answers.end(), more.begin(), more.end());
    } catch (const Json::exception&) {
      fail("{}: is not of the form that Label Studio exports", place);
    }
  }
  return answers;
}

}  // namespace kith::review
