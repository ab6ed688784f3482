/// An HDF5 file that is read by one rank by itself, without MPI-IO.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kith/io/element_type.hpp"

namespace kith::io {

/// A name and what it stands for.
struct EnumMember {
  std::string name;
  std::int64_t value = 0;
};

/// What is known of a dataset before it is read.
struct DatasetInfo {
  std::vector<Count> shape;  // empty = a scalar
  std::optional<ElementType>
      type;               // none = not a number that Kith reads; of an enumeration's values
  std::string type_name;  // "f32", "string", "enumeration", "compound", "another type"
  bool has_strings = false;
  std::vector<EnumMember> members;  // of an enumeration; a boolean of h5py is one: FALSE, TRUE

  /// Rows along axis 0; 0 for a scalar.
  [[nodiscard]] Count num_rows() const { return shape.empty() ? 0 : shape.front(); }
  /// Elements of one row.
  [[nodiscard]] Count row_size() const;
  [[nodiscard]] bool is_number() const { return type && members.empty(); }
};

/// A read-only HDF5 file. Nothing here communicates. HDF5 is not thread-safe: one thread at a time
/// in the whole process. Every failure throws Error: "FILE: DATASET: what is wrong with it".
/// Strings are UTF-8, or that is what is wrong.
class InputFile {
 public:
  explicit InputFile(const std::string& path);
  ~InputFile();
  InputFile(InputFile&& other) noexcept;
  InputFile& operator=(InputFile&& other) noexcept;
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  [[nodiscard]] const std::string& path() const;

  /// True if something has that name, be it a link that leads nowhere: opening it says so.
  [[nodiscard]] bool has(const std::string& name) const;

  /// Names of the datasets and groups in a group, sorted.
  [[nodiscard]] std::vector<std::string> children(const std::string& group) const;

  [[nodiscard]] DatasetInfo describe(const std::string& dataset) const;

  /// Rows [first_row, first_row + num_rows) in the machine's byte order, type as stored; out has
  /// exactly their bytes. Straight from the file for contiguous data.
  void read_raw(const std::string& dataset, Count first_row, Count num_rows,
                std::span<std::byte> out) const;

  /// As read_raw, converted; enumerations as their values. T: float, double, and the integers of 8
  /// to 64 bits. Integers come only from integers, and one that does not fit is an error that names
  /// its row.
  template <class T>
  void read_rows(const std::string& dataset, Count first_row, std::span<T> out) const;
  template <class T>
  [[nodiscard]] std::vector<T> read_all(const std::string& dataset) const;

  /// Elements of a string dataset, of fixed or variable length: all, or those of some rows.
  [[nodiscard]] std::vector<std::string> read_strings(const std::string& dataset) const;
  [[nodiscard]] std::vector<std::string> read_strings(const std::string& dataset, Count first_row,
                                                      Count num_rows) const;

  /// Names of a compound dataset's fields, and all values of a field of numbers or strings.
  [[nodiscard]] std::vector<std::string> fields(const std::string& dataset) const;
  [[nodiscard]] DatasetInfo describe_field(const std::string& dataset,
                                           const std::string& field) const;
  template <class T>
  [[nodiscard]] std::vector<T> read_field(const std::string& dataset,
                                          const std::string& field) const;
  [[nodiscard]] std::vector<std::string> read_field_strings(const std::string& dataset,
                                                            const std::string& field) const;

  /// Attributes of a dataset or group ("/" = the file). A scalar is a list of one.
  [[nodiscard]] bool has_attribute(const std::string& object, const std::string& name) const;
  [[nodiscard]] std::vector<std::string> attribute_strings(const std::string& object,
                                                           const std::string& name) const;
  /// Whole numbers, row by row if they are a matrix.
  [[nodiscard]] std::vector<std::int64_t> attribute_numbers(const std::string& object,
                                                            const std::string& name) const;
  /// T: std::int64_t or double.
  template <class T>
  [[nodiscard]] T attribute(const std::string& object, const std::string& name) const;

 private:
  class Body;
  std::unique_ptr<Body> body_;
};

/// The most bytes given to one HDF5 call; tests lower it so that splitting runs on small data.
void set_transfer_bytes(Count bytes);
[[nodiscard]] Count transfer_bytes();

}  // namespace kith::io
