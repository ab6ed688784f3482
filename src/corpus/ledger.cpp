#include "kith/corpus/ledger.hpp"

#include <algorithm>
#include <filesystem>
#include <map>

#include "kith/core/class_table.hpp"
#include "kith/core/error.hpp"
#include "kith/core/numbers.hpp"
#include "kith/core/quote.hpp"
#include "kith/io/csv.hpp"

#include "corpus/moment.hpp"

namespace kith::corpus {
namespace {

constexpr const char* kHeader =
    "list,row,item_id,annotator,label,time,reason,inclusion,predicted,probability,shown,note";

double parse_share(std::string_view text, const char* what, const std::string& place) {
  const auto share = parse_number<double>(text);
  if (!share || !(*share >= 0 && *share <= 1)) {
    fail("{}: {} \"{}\", expected a number in 0..1", place, what, quote(text));
  }
  return *share;
}

/// Reads one line after the other by the names of the columns.
class LedgerReader {
 public:
  explicit LedgerReader(io::TextFile text) : csv_{std::move(text), kHeader} {}

  [[nodiscard]] bool next_row() { return csv_.next_row(); }

  [[nodiscard]] LedgerLine line() {
    LedgerLine line;
    line.line_number = csv_.line_number();
    line.list = cell("list");
    line.row = row();
    line.item_id = cell("item_id");
    line.annotator = cell("annotator");
    line.label = cell("label");
    line.time = cell("time");
    line.reason = cell("reason");
    line.inclusion = share("inclusion");
    line.predicted = cell("predicted");
    line.probability = share("probability").value_or(0);
    line.is_shown = cell("shown") == "1";
    line.note = cell("note");
    require_sense(line);
    return line;
  }

 private:
  [[nodiscard]] std::string cell(const char* name) {
    return std::string{csv_.cell(csv_.require_column(name))};
  }

  [[nodiscard]] Count row() {
    const std::optional<Count> row = whole_number(cell("row"));
    if (!row || *row < 0) {
      fail("{}: row \"{}\", expected a whole number of 0 or more", csv_.place(),
           quote(cell("row")));
    }
    return *row;
  }

  [[nodiscard]] std::optional<double> share(const char* name) {
    const std::string text = cell(name);
    return text.empty() ? std::nullopt : std::optional{parse_share(text, name, csv_.place())};
  }

  void require_sense(const LedgerLine& line) const {
    if (line.list.empty()) {
      fail("{}: no list is named", csv_.place());
    }
    if (!line.is_question() && !is_time(line.time)) {
      fail("{}: time \"{}\", expected a date as 2024-05-03T10:00:00Z", csv_.place(),
           quote(line.time));
    }
  }

  io::CsvReader csv_;
};

/// The last answer of each annotator on one item, in the order of their first ones.
using AnswersOfItem = std::vector<const LedgerLine*>;

void add_answer(const LedgerLine& line, AnswersOfItem& answers) {
  const auto before = std::find_if(answers.begin(), answers.end(), [&](const LedgerLine* answer) {
    return answer->annotator == line.annotator;
  });
  if (before == answers.end()) {
    answers.push_back(&line);
  } else if (is_later(line, **before)) {
    *before = &line;
  }
}

ReviewedItem decide(const AnswersOfItem& answers, std::string_view adjudicator) {
  ReviewedItem item;
  item.row = answers.front()->row;
  item.item_id = answers.front()->item_id;
  std::map<std::string, Count> counts;
  const LedgerLine* last_word = nullptr;
  for (const LedgerLine* answer : answers) {
    if (answer->label.empty()) {
      ++item.skips;
      continue;
    }
    ++item.answers;
    ++counts[answer->label];
    last_word = !adjudicator.empty() && answer->annotator == adjudicator ? answer : last_word;
  }
  const auto most =
      std::max_element(counts.begin(), counts.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
  if (last_word != nullptr) {
    item.label = last_word->label;
  } else if (most != counts.end()) {
    item.is_disputed = std::count_if(counts.begin(), counts.end(), [&](const auto& entry) {
                         return entry.second == most->second;
                       }) > 1;
    item.label = item.is_disputed ? "" : most->first;
  }
  const auto of_label = std::find_if(answers.begin(), answers.end(), [&](const LedgerLine* answer) {
    return answer->label == item.label;
  });
  item.line_number = (of_label == answers.end() ? answers.front() : *of_label)->line_number;
  return item;
}

std::vector<LedgerLine> read_lines(io::TextFile text) {
  std::vector<LedgerLine> lines;
  LedgerReader reader{std::move(text)};
  while (reader.next_row()) {
    lines.push_back(reader.line());
  }
  return lines;
}

std::string row_of(const LedgerLine& line) {
  const bool has_prediction = !line.predicted.empty();
  const std::string shown = line.is_question() ? (line.is_shown ? "1" : "0") : "";
  return fmt::format(
      "{},{},{},{},{},{},{},{},{},{},{},{}\n", io::csv_cell(line.list), line.row,
      io::csv_cell(line.item_id), io::csv_cell(line.annotator), io::csv_cell(line.label),
      io::csv_cell(line.time), io::csv_cell(line.reason),
      line.inclusion ? fmt::format("{}", *line.inclusion) : "", io::csv_cell(line.predicted),
      has_prediction ? fmt::format("{}", line.probability) : "", shown, io::csv_cell(line.note));
}

/// What tells items apart.
std::string key_of(const LedgerLine& line) {
  return line.item_id.empty() ? fmt::format("row {}", line.row) : "id " + line.item_id;
}

}  // namespace

bool is_time(std::string_view text) {
  return moment_of_date(text).has_value();
}

std::vector<LedgerLine> read_ledger(const std::string& path) {
  std::error_code fault;
  if (!std::filesystem::exists(path, fault)) {
    if (fault) {
      fail("{}: {}", quote(path), fault.message());
    }
    return {};
  }
  return read_lines(io::TextFile{path});
}

bool is_later(const LedgerLine& line, const LedgerLine& other) {
  return !(moment_of_date(line.time) < moment_of_date(other.time));
}

std::string to_csv(const std::vector<LedgerLine>& lines) {
  std::string csv = std::string{kHeader} + "\n";
  for (const LedgerLine& line : lines) {
    csv += row_of(line);
  }
  (void)read_lines(io::TextFile::of_text(csv, "corpus.reviews, as it would be written"));
  return csv;
}

std::vector<ReviewedItem> reviewed_items(const std::vector<LedgerLine>& lines,
                                         std::string_view adjudicator) {
  std::map<std::string, std::size_t> place_of_item;
  std::map<std::string, std::string> reason_of_item;
  std::vector<AnswersOfItem> answers;
  for (const LedgerLine& line : lines) {
    if (line.is_question()) {
      reason_of_item[key_of(line)] = line.reason;
      continue;
    }
    const auto [place, is_new] = place_of_item.emplace(key_of(line), answers.size());
    if (is_new) {
      answers.emplace_back();
    }
    add_answer(line, answers[place->second]);
  }
  std::vector<ReviewedItem> items;
  for (const AnswersOfItem& of_item : answers) {
    items.push_back(decide(of_item, adjudicator));
    items.back().reason = reason_of_item[key_of(*of_item.front())];
  }
  return items;
}

}  // namespace kith::corpus
