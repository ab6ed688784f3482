/// A long table of votes as it is read, before its names have their places.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kith/corpus/answers.hpp"

#include "corpus/answer_labels.hpp"
#include "corpus/moment.hpp"
#include "corpus/name_numbers.hpp"
#include "corpus/table_reader.hpp"

namespace kith::corpus {

/// A row of the table; items, annotators and labels by the number of their name.
struct AnswerLine {
  Answer answer;
  Moment time;
};

struct AnswerTable {
  explicit AnswerTable(std::vector<std::string> class_names) : labels{std::move(class_names)} {}

  std::vector<AnswerLine> lines;
  std::unique_ptr<TableReader> reader;  // for places in messages
  bool has_names = false;               // items are names or ids; else rows of the corpus
  NameNumbers items;
  std::vector<Count> item_rows;  // of the table, where each name of an item stands first
  NameNumbers annotators;
  AnswerLabels labels;
  Count num_empty = 0;  // lines without a label
};

/// Which columns say what item a row is of.
struct ItemColumn {
  std::size_t column = 0;
  bool is_row = false;
};

/// Throws Error unless there is just one of the columns item, row and id.
[[nodiscard]] ItemColumn find_item_column(TableReader& table);

/// Reads a table as open_table() does, of HDF5 the dataset /answers. corpus: none, if items are
/// what the table names. class_names: empty, if the labels that occur are the classes. Throws
/// Error.
[[nodiscard]] AnswerTable read_answer_table(const std::string& path, const Corpus* corpus,
                                            const std::vector<std::string>& class_names);

/// Sorts by item, annotator and time; of several answers of an annotator on an item only the last
/// stays, of equal times that of the last line. Returns how many went.
Count keep_latest(std::vector<AnswerLine>& lines);

}  // namespace kith::corpus
