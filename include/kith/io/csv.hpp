/// Tables in text: CSV as RFC 4180 has it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kith/io/text_file.hpp"

namespace kith::io {

/// Reads a table row by row. The first line that is not empty names the columns, in any order;
/// cells are separated by what separates these: commas, else semicolons, else tabs. Spaces around a
/// cell do not count. In double quotes a cell may hold separators, spaces and line ends, and "" for
/// one quote. Rows without any text are left out.
class CsvReader {
 public:
  /// Reads the header. expected: the columns that the file should have, for messages. Throws Error.
  CsvReader(TextFile text, std::string expected);

  /// Throws Error, naming file and line.
  [[nodiscard]] std::size_t require_column(std::string_view name) const;
  [[nodiscard]] std::optional<std::size_t> find_column(std::string_view name) const;

  /// Goes to the next row; false behind the last. Throws Error if it has not the header's width.
  bool next_row();

  /// A cell of the row, until the next call of next_row().
  [[nodiscard]] std::string_view cell(std::size_t column) const { return cells_[column]; }

  /// Where the row begins: a line from 1, and "PATH: line 3". The header's before the first row.
  [[nodiscard]] Count line_number() const { return first_line_; }
  [[nodiscard]] std::string place() const;

 private:
  bool read_row();
  void split_row();
  std::string& add_cell();
  void read_quoted(std::string_view& rest, std::string& cell);
  [[nodiscard]] bool is_blank() const;

  TextFile text_;
  std::string expected_;
  char separator_ = ',';
  std::vector<std::string> header_;
  std::vector<std::string> cells_;  // the first num_cells_ are the row's
  std::size_t num_cells_ = 0;
  Count first_line_ = 0;
};

/// A cell as it must be written, quoted where that is needed.
[[nodiscard]] std::string csv_cell(std::string_view text);

}  // namespace kith::io
