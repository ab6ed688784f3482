/// Tables of text cells, whatever they are stored as: CSV, or records in an HDF5 file.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "kith/core/types.hpp"

namespace kith::corpus {

/// Reads a table row by row.
class TableReader {
 public:
  TableReader() = default;
  TableReader(const TableReader&) = delete;
  TableReader& operator=(const TableReader&) = delete;
  virtual ~TableReader() = default;

  /// Before the first row: only columns that were asked for are read. Throws Error for one that
  /// cannot be.
  [[nodiscard]] virtual std::optional<std::size_t> find_column(std::string_view name) = 0;
  /// Throws Error, also if there is none.
  [[nodiscard]] virtual std::size_t require_column(std::string_view name) = 0;

  /// Goes to the next row; false behind the last. Throws Error.
  virtual bool next_row() = 0;
  /// A cell of the row, until the next call of next_row(). Numbers are as they are written in a
  /// text; NaN is an empty cell.
  [[nodiscard]] virtual std::string_view cell(std::size_t column) const = 0;

  /// The row's number, and how messages name it; before the first row: the table.
  [[nodiscard]] virtual Count row_number() const = 0;
  [[nodiscard]] std::string place() const { return place_of(row_number()); }
  [[nodiscard]] virtual std::string place_of(Count row_number) const = 0;
};

/// A CSV file or, where the path ends with .h5 or .hdf5, its dataset of compound records, the
/// fields of which are the columns: integers, floats or strings. expected: the columns that the
/// table should have, for messages. Throws Error. Memory: of HDF5 all
/// rows of the columns that were asked for.
[[nodiscard]] std::unique_ptr<TableReader> open_table(const std::string& path,
                                                      const std::string& dataset,
                                                      const std::string& expected);

}  // namespace kith::corpus
