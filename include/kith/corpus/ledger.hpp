/// corpus.reviews: what people were asked, and what they said. A table that only ever grows.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kith/core/types.hpp"

namespace kith::corpus {

/// A question if it names no annotator, else an answer. The columns list, row, item_id, annotator,
/// label, time, reason, inclusion, predicted, probability, shown, note.
struct LedgerLine {
  std::string list;  // that asked: "queue-0001-1f3a92b07c5d"
  Count row = 0;
  std::string item_id;    // empty: the corpus has none
  std::string annotator;  // empty: a question
  std::string label;      // a class; empty: the annotator does not know
  std::string time;       // ISO 8601
  // Of a question only:
  std::string reason;               // the strategy
  std::optional<double> inclusion;  // the chance of any item like it to be asked; none: not drawn
  std::string predicted;            // a class; empty: none yet
  double probability = 0;           // of it
  bool is_shown = false;            // the annotator sees it
  // Of an answer only:
  std::string note;
  Count line_number = 0;  // in the file

  [[nodiscard]] bool is_question() const { return annotator.empty(); }
};

/// A date of ISO 8601: what the column time holds.
[[nodiscard]] bool is_time(std::string_view text);

/// The lines of the file in their order; none if there is no file. Local; throws Error, naming the
/// line.
[[nodiscard]] std::vector<LedgerLine> read_ledger(const std::string& path);

/// The whole file. Throws Error if it could not be read back: a name or an id holds what no table
/// of text can.
[[nodiscard]] std::string to_csv(const std::vector<LedgerLine>& lines);

/// Was `line` said after `other`, or at the same time?
[[nodiscard]] bool is_later(const LedgerLine& line, const LedgerLine& other);

/// What the annotators say of an item together.
struct ReviewedItem {
  Count row = 0;
  std::string item_id;
  std::string label;  // a class; empty: nobody knows, or they disagree
  Count answers = 0;  // annotators that named a class
  Count skips = 0;
  bool is_disputed = false;  // classes share the first place
  Count line_number = 0;     // of the first answer with the label, else of the first one
  std::string reason;        // of the last question

  [[nodiscard]] bool has_label() const { return !label.empty(); }
  /// It was asked about because its answer tells much, and not by chance.
  [[nodiscard]] bool is_chosen() const { return has_label() && reason != "random"; }
};

/// One an item with answers, in the order of their first lines; items are told apart by their ids,
/// or by rows where there are none. Of several answers of an annotator on an item the latest
/// counts, of one time that of the last line. Most annotators decide, or the one named adjudicator
/// if he has named a class.
[[nodiscard]] std::vector<ReviewedItem> reviewed_items(const std::vector<LedgerLine>& lines,
                                                       std::string_view adjudicator);

}  // namespace kith::corpus
