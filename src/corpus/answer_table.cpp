#include "corpus/answer_table.hpp"

#include <algorithm>
#include <array>
#include <tuple>

#include "kith/core/error.hpp"
#include "kith/core/quote.hpp"

namespace kith::corpus {
namespace {

constexpr const char* kAnswers = "/answers";  // the dataset in HDF5
constexpr const char* kExpected = "item,annotator,label, or row or id in place of item";

std::int64_t parse_row(std::string_view text, const Corpus& corpus, const TableReader& table) {
  const std::optional<Count> row = whole_number(text);
  if (!row || *row < 0) {
    fail("{}: row \"{}\", expected a whole number of 0 or more", table.place(), quote(text));
  }
  if (*row >= corpus.num_items) {
    fail("{}: row {} is not in the corpus of {} rows", table.place(), *row, corpus.num_items);
  }
  return *row;
}

/// Times of one table: all numbers, or all dates.
class Times {
 public:
  [[nodiscard]] Moment read(std::string_view text, const TableReader& table) {
    if (!are_dates_) {
      are_dates_ = !moment_of_number(text);
    }
    const auto moment = *are_dates_ ? moment_of_date(text) : moment_of_number(text);
    if (!moment) {
      fail("{}: time \"{}\", expected {}, as all times of the table", table.place(), quote(text),
           *are_dates_ ? "a date as 2024-05-03 or 2024-05-03T10:00:00.5+02:00" : "a number");
    }
    return *moment;
  }

 private:
  std::optional<bool> are_dates_;  // as the first one says
};

std::int32_t number_of(NameNumbers& names, std::string_view name) {
  return narrow<std::int32_t>(names.number_of(name), "different names in a column");
}

}  // namespace

ItemColumn find_item_column(TableReader& table) {
  const std::array columns{table.find_column("item"), table.find_column("row"),
                           table.find_column("id")};
  const auto is_there = [](const auto& column) { return column.has_value(); };
  const auto given = std::count_if(columns.begin(), columns.end(), is_there);
  if (given > 1) {
    fail("{}: expected one of the columns item, row and id to say which item is meant, not {}",
         table.place(), given);
  }
  const auto found = std::find_if(columns.begin(), columns.end(), is_there);
  return {found == columns.end() ? table.require_column("item") : **found,
          found == columns.begin() + 1};
}

AnswerTable read_answer_table(const std::string& path, const Corpus* corpus,
                              const std::vector<std::string>& class_names) {
  AnswerTable table{class_names};
  table.reader = open_table(path, kAnswers, kExpected);
  TableReader& rows = *table.reader;
  const ItemColumn item_column = find_item_column(rows);
  const std::size_t annotator_column = rows.require_column("annotator");
  const std::size_t label_column = rows.require_column("label");
  const auto time_column = rows.find_column("time");
  Times times;
  table.has_names = corpus == nullptr || (!item_column.is_row && corpus->id_kind != IdKind::none);
  while (rows.next_row()) {
    const std::int32_t label = table.labels.number_of(rows.cell(label_column), rows);
    if (label < 0) {
      ++table.num_empty;
      continue;
    }
    const std::string_view item = rows.cell(item_column.column);
    const std::string_view annotator = rows.cell(annotator_column);
    if (item.empty() || annotator.empty()) {
      fail("{}: the {} has no name", rows.place(), item.empty() ? "item" : "annotator");
    }
    AnswerLine line;
    line.answer = {table.has_names ? number_of(table.items, item) : parse_row(item, *corpus, rows),
                   number_of(table.annotators, annotator), label};
    if (table.has_names && table.items.size() > count_of(table.item_rows)) {
      table.item_rows.push_back(rows.row_number());
    }
    if (time_column) {
      line.time = times.read(rows.cell(*time_column), rows);
    }
    table.lines.push_back(line);
  }
  if (table.lines.empty()) {
    fail("{}: holds no answer", rows.place());
  }
  return table;
}

Count keep_latest(std::vector<AnswerLine>& lines) {
  const auto pair = [](const AnswerLine& line) {
    return std::tie(line.answer.item, line.answer.annotator);
  };
  std::stable_sort(lines.begin(), lines.end(), [](const AnswerLine& a, const AnswerLine& b) {
    return std::tie(a.answer.item, a.answer.annotator, a.time) <
           std::tie(b.answer.item, b.answer.annotator, b.time);
  });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (i + 1 == lines.size() || pair(lines[i]) != pair(lines[i + 1])) {
      lines[kept++] = lines[i];
    }
  }
  const Count gone = count_of(lines) - static_cast<Count>(kept);
  lines.resize(kept);
  return gone;
}

}  // namespace kith::corpus
