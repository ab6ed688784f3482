/// An HDF5 file that all ranks write together, and that exists under its name only when complete.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "kith/comm/communicator.hpp"
#include "kith/io/element_type.hpp"

namespace kith::io {

/// Written as part_path(PATH) through MPI-IO, renamed by commit(). Contiguous datasets, no time
/// stamps: the bytes depend on what is written and in which order datasets are made, not on the
/// number of ranks. Readable by HDF5 1.8 and later. Unless it says otherwise, every function is
/// collective and throws CollectiveError on all ranks: "PATH: DATASET: No space left on device".
class OutputFile {
 public:
  /// Creates part_path(PATH); `comm` must outlive the file.
  static OutputFile create(const comm::Communicator& comm, const std::string& path);
  /// Without commit(): removes part_path(PATH). Does not communicate.
  ~OutputFile();
  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&& other) noexcept;
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  [[nodiscard]] const std::string& path() const;

  /// Makes a dataset and reserves its room on disk. Missing groups on the way are made too.
  /// shape: of the whole, the same on every rank. T: float, double, integers of 8 to 64 bits.
  template <class T>
  void create_dataset(const std::string& name, const std::vector<Count>& shape) {
    create_dataset(name, element_type_of<T>(), shape);
  }
  void create_dataset(const std::string& name, ElementType type, const std::vector<Count>& shape);

  /// Writes whole rows of a dataset that was made before. Local: any rank, any rows, any number of
  /// times; throws Error, so use it inside comm::locally.
  template <class T>
  void write_block(const std::string& name, std::span<const T> rows, Count first_row) {
    write_raw(name, element_type_of<T>(), std::as_bytes(rows), first_row);
  }
  /// As write_block, of elements whose type C++ has not: f16 as std::uint16_t.
  void write_raw(const std::string& name, ElementType type, std::span<const std::byte> rows,
                 Count first_row);

  /// Makes a dataset; each rank writes its own consecutive rows, from first_row.
  template <class T>
  void write_rows(const std::string& name, std::span<const T> mine, Count first_row,
                  const std::vector<Count>& shape_of_whole) {
    write_rows(name, element_type_of<T>(), std::as_bytes(mine), first_row, shape_of_whole);
  }
  void write_rows(const std::string& name, ElementType type, std::span<const std::byte> mine,
                  Count first_row, const std::vector<Count>& shape_of_whole);

  /// Makes a dataset from the same data on all ranks; rank 0 writes.
  template <class T>
  void write_whole(const std::string& name, std::span<const T> data,
                   const std::vector<Count>& shape) {
    const bool writes = is_root();
    write_rows(name, element_type_of<T>(), std::as_bytes(writes ? data : data.first(0)), 0, shape);
  }
  /// A list of strings as fixed-length UTF-8, padded with zeros.
  void write_strings(const std::string& name, const std::vector<std::string>& strings);

  /// Makes a dataset of `count` strings of at most num_bytes each, stored in the same way.
  void create_strings(const std::string& name, Count num_bytes, Count count);
  /// Writes rows of such a dataset. Local, as write_block.
  void write_string_block(const std::string& name, const std::vector<std::string>& strings,
                          Count first_row);

  /// Sets an attribute of a dataset or group ("/" = the file); the same value on all ranks.
  void set_attribute(const std::string& object, const std::string& name, std::int64_t value);
  void set_attribute(const std::string& object, const std::string& name, double value);
  void set_attribute(const std::string& object, const std::string& name, const std::string& value);
  void set_attribute(const std::string& object, const std::string& name, const char* value) {
    set_attribute(object, name, std::string{value});
  }
  void set_attribute(const std::string& object, const std::string& name,
                     const std::vector<std::string>& values);

  /// Closes, flushes to disk, renames to PATH. Nothing else may be called afterwards.
  void commit();
  /// Closes and removes part_path(PATH) now.
  void discard();

 private:
  class Body;
  explicit OutputFile(std::unique_ptr<Body> body);
  [[nodiscard]] bool is_root() const;

  std::unique_ptr<Body> body_;
};

}  // namespace kith::io
