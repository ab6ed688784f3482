#include "kith/corpus/answers.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <optional>
#include <string_view>
#include <tuple>
#include <unordered_map>

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/core/class_table.hpp"
#include "kith/core/error.hpp"
#include "kith/core/numbers.hpp"
#include "kith/core/quote.hpp"
#include "kith/corpus/ids.hpp"
#include "kith/io/csv.hpp"

#include "corpus/class_names.hpp"
#include "corpus/file_order.hpp"

namespace kith::corpus {
namespace {

constexpr const char* kExpected = "item,annotator,label, or row or id in place of item";

/// Texts by the order of their first sight.
class Names {
 public:
  std::int32_t number_of(std::string_view text) {
    const auto found = numbers_.find(text);
    if (found != numbers_.end()) {
      return found->second;
    }
    const auto number = narrow<std::int32_t>(count_of(texts_), "different names in a column");
    texts_.emplace_back(text);
    numbers_.emplace(texts_.back(), number);
    return number;
  }
  [[nodiscard]] std::optional<std::int32_t> find(std::string_view text) const {
    const auto found = numbers_.find(text);
    return found == numbers_.end() ? std::nullopt : std::optional{found->second};
  }
  [[nodiscard]] const std::vector<std::string>& texts() const { return texts_; }

  /// Puts the texts in order as people count; returns the new number of each.
  std::vector<std::int32_t> sort() {
    std::vector<std::int32_t> order(texts_.size());
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(), [&](std::int32_t a, std::int32_t b) {
      return counts_before(texts_[to_size(a)], texts_[to_size(b)]);
    });
    std::vector<std::int32_t> number(texts_.size());
    std::vector<std::string> sorted;
    sorted.reserve(texts_.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
      number[to_size(order[i])] = static_cast<std::int32_t>(i);
      sorted.push_back(texts_[to_size(order[i])]);
    }
    texts_ = std::move(sorted);
    return number;
  }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  std::vector<std::string> texts_;
  std::unordered_map<std::string, std::int32_t, Hash, std::equal_to<>> numbers_;
};

/// A line as it was read.
struct Line {
  Answer answer;
  double time = 0;             // where all times are numbers
  std::int32_t time_text = 0;  // else: in the order of the texts
};

/// The table as rank 0 reads it. Items are numbers of `items` if they have names.
struct Table {
  std::vector<Line> lines;
  std::vector<Count> line_numbers;  // in the file, where items are looked up later
  bool has_names = false;           // items are names or ids
  Names items;
  Names annotators;
  Names labels;  // without a list of classes
  Names times;
  bool times_are_numbers = true;
  Count num_empty = 0;
};

/// Columns of a table.
struct Columns {
  std::size_t item = 0;
  bool is_row = false;
  std::size_t label = 0;
};

Columns find_columns(const io::CsvReader& csv) {
  const std::array names{csv.find_column("item"), csv.find_column("row"), csv.find_column("id")};
  const auto given = std::count_if(names.begin(), names.end(), [](auto one) { return one; });
  if (given > 1) {
    fail("{}: expected one of the columns item, row and id to say which item is meant, not {}",
         csv.place(), given);
  }
  if (given == 0) {
    (void)csv.require_column("item");
  }
  const auto found = std::find_if(names.begin(), names.end(), [](auto one) { return one; });
  return {**found, found - names.begin() == 1, csv.require_column("label")};
}

bool is_no_answer(std::string_view label) {
  return label.empty() || label == "-1";
}

std::int64_t parse_row(std::string_view text, const Corpus& corpus, const std::string& place) {
  const std::optional<Count> row = whole_number(text);
  if (!row || *row < 0) {
    fail("{}: row \"{}\", expected a whole number of 0 or more", place, quote(text));
  }
  if (*row >= corpus.num_items) {
    fail("{}: row {} is not in the corpus of {} rows", place, *row, corpus.num_items);
  }
  return *row;
}

void read_time(Table& table, Line& line, std::string_view text) {
  const auto number = parse_number<double>(text);
  table.times_are_numbers = table.times_are_numbers && number;
  line.time = number.value_or(0);
  line.time_text = table.times.number_of(text);
}

/// class_names: none, if the labels that occur are the classes.
Table read_table(const std::string& path, const Corpus* corpus,
                 std::span<const std::string> class_names) {
  io::CsvReader csv{io::TextFile{path}, kExpected};
  const Columns columns = find_columns(csv);
  const std::size_t annotator_column = csv.require_column("annotator");
  const auto time_column = csv.find_column("time");
  const ClassTable classes{class_names};
  Table table;
  table.has_names = corpus == nullptr || (!columns.is_row && corpus->id_kind != IdKind::none);
  while (csv.next_row()) {
    const std::string_view label = csv.cell(columns.label);
    if (is_no_answer(label)) {
      ++table.num_empty;
      continue;
    }
    Line line;
    const std::string_view annotator = csv.cell(annotator_column);
    if (annotator.empty()) {
      fail("{}: the annotator has no name", csv.place());
    }
    line.answer.annotator = table.annotators.number_of(annotator);
    line.answer.label = class_names.empty()
                            ? table.labels.number_of(label)
                            : static_cast<std::int32_t>(classes.find(label, csv.place()));
    const std::string_view item = csv.cell(columns.item);
    line.answer.item =
        table.has_names ? table.items.number_of(item) : parse_row(item, *corpus, csv.place());
    if (time_column) {
      read_time(table, line, csv.cell(*time_column));
    }
    table.lines.push_back(line);
    if (corpus != nullptr && table.has_names &&
        count_of(table.line_numbers) < count_of(table.items.texts())) {
      table.line_numbers.push_back(csv.line_number());
    }
  }
  if (table.lines.empty()) {
    fail("{}: holds no answer", csv.place());
  }
  return table;
}

/// Later answers behind earlier ones; of a pair only the last stays. Returns how many went.
Count keep_latest(Table& table) {
  if (!table.times_are_numbers) {
    const std::vector<std::int32_t> order = table.times.sort();
    for (Line& line : table.lines) {
      line.time = order[to_size(line.time_text)];
    }
  }
  const auto pair = [](const Line& line) {
    return std::tie(line.answer.item, line.answer.annotator);
  };
  std::stable_sort(table.lines.begin(), table.lines.end(), [&](const Line& a, const Line& b) {
    return std::tie(a.answer.item, a.answer.annotator, a.time) <
           std::tie(b.answer.item, b.answer.annotator, b.time);
  });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < table.lines.size(); ++i) {
    if (i + 1 == table.lines.size() || pair(table.lines[i]) != pair(table.lines[i + 1])) {
      table.lines[kept++] = table.lines[i];
    }
  }
  const Count gone = count_of(table.lines) - static_cast<Count>(kept);
  table.lines.resize(kept);
  return gone;
}

void add_note(Answers& answers, Count number, std::string_view what, const std::string& path) {
  if (number > 0) {
    answers.notes.push_back(fmt::format("{}: {} {}", path, number, what));
  }
}

/// Collective. Names as they are on rank 0.
void share_names(const comm::Communicator& comm, std::vector<std::string>& names) {
  std::string joined;
  std::vector<Count> lengths;
  for (const std::string& name : names) {
    joined += name;
    lengths.push_back(count_of(name));
  }
  comm::broadcast(comm, joined);
  comm::broadcast(comm, lengths);
  std::size_t first = 0;
  names.clear();
  for (const Count length : lengths) {
    names.push_back(joined.substr(first, to_size(length)));
    first += to_size(length);
  }
}

/// Collective. Rows of the ids that the table names, by number of the name.
std::vector<GlobalId> look_up(const comm::Communicator& comm, const Corpus& corpus,
                              const CorpusConfig& config, const Table& table) {
  std::vector<Hash128> ids;
  comm::on_root(comm, [&] {
    for (std::size_t i = 0; i < table.items.texts().size(); ++i) {
      const auto id = hash_of_id(corpus.id_kind, table.items.texts()[i]);
      if (!id) {
        fail("{}: line {}: id {} is none that the corpus can have", config.answers,
             table.line_numbers[i], quote(table.items.texts()[i]));
      }
      ids.push_back(*id);
    }
  });
  comm::broadcast(comm, ids);
  const std::vector<GlobalId> rows = find_rows_of_ids(comm, corpus, config, ids);
  comm::on_root(comm, [&] {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (rows[i].is_none()) {
        fail("{}: line {}: id {} is not in the corpus", config.answers, table.line_numbers[i],
             quote(table.items.texts()[i]));
      }
    }
  });
  return rows;
}

/// Numbers of names become those of the sorted names.
void sort_names(Table& table, bool sorts_items, bool sorts_labels) {
  const auto annotators = table.annotators.sort();
  const auto items = sorts_items ? table.items.sort() : std::vector<std::int32_t>{};
  const auto labels = sorts_labels ? table.labels.sort() : std::vector<std::int32_t>{};
  for (Line& line : table.lines) {
    line.answer.annotator = annotators[to_size(line.answer.annotator)];
    if (sorts_items) {
      line.answer.item = items[to_size(line.answer.item)];
    }
    if (sorts_labels) {
      line.answer.label = labels[to_size(line.answer.label)];
    }
  }
}

}  // namespace

Answers read_answers(const comm::Communicator& comm, const Corpus* corpus,
                     const CorpusConfig& config) {
  Answers answers;
  Table table;
  comm::on_root(comm, [&] {
    if (corpus != nullptr) {
      answers.classes = corpus->class_names;
    } else if (!config.classes.empty()) {
      answers.classes = read_class_file(config, config.answers);
    }
    table = read_table(config.answers, corpus, answers.classes);
    sort_names(table, corpus == nullptr, answers.classes.empty());
  });
  const bool has_ids = comm::any_rank(comm, corpus != nullptr && table.has_names);
  if (has_ids) {
    const std::vector<GlobalId> rows = look_up(comm, *corpus, config, table);
    for (Line& line : table.lines) {
      line.answer.item = rows[to_size(line.answer.item)].value();
    }
  }
  comm::on_root(comm, [&] {
    add_note(answers, table.num_empty, "lines have no label and are no answers", config.answers);
    add_note(answers, keep_latest(table),
             "answers were given before a later one by the same annotator on the same item",
             config.answers);
    for (const Line& line : table.lines) {
      answers.answers.push_back(line.answer);
    }
    answers.annotators = table.annotators.texts();
    if (corpus == nullptr) {
      answers.item_names = table.items.texts();
    }
    if (answers.classes.empty()) {
      answers.classes = table.labels.texts();
    }
  });
  comm::broadcast(comm, answers.answers);
  for (auto* names : {&answers.item_names, &answers.annotators, &answers.classes, &answers.notes}) {
    share_names(comm, *names);
  }
  return answers;
}

std::vector<std::int32_t> read_known_labels(const comm::Communicator& comm, const std::string& path,
                                            const Answers& answers) {
  std::vector<std::int32_t> known;
  comm::on_root(comm, [&] {
    Names items;
    for (const std::string& name : answers.item_names) {
      (void)items.number_of(name);
    }
    known.assign(answers.item_names.size(), -1);
    io::CsvReader csv{io::TextFile{path}, "item,label"};
    const Columns columns = find_columns(csv);
    const ClassTable classes{answers.classes};
    while (csv.next_row()) {
      const auto item = items.find(csv.cell(columns.item));
      if (!item || is_no_answer(csv.cell(columns.label))) {
        continue;
      }
      const Count label = classes.find(csv.cell(columns.label), csv.place());
      std::int32_t& of_item = known[to_size(*item)];
      if (of_item >= 0 && of_item != label) {
        fail("{}: item {} has a second label, {}", csv.place(), quote(csv.cell(columns.item)),
             quote(answers.classes[to_size(label)]));
      }
      of_item = static_cast<std::int32_t>(label);
    }
  });
  comm::broadcast(comm, known);
  return known;
}

}  // namespace kith::corpus
