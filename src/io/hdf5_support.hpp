/// Owning HDF5 handles, HDF5's errors as our sentences, element types.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <hdf5.h>

#include "kith/io/element_type.hpp"
#include "kith/io/input_file.hpp"

namespace kith::io {

/// Owns one HDF5 id. Move-only; null after a move.
template <herr_t (*Close)(hid_t)>
class Handle {
 public:
  Handle() = default;
  explicit Handle(hid_t owned) : id_{owned} {}
  ~Handle() { (void)close(); }
  Handle(Handle&& other) noexcept : id_{other.release()} {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(id_, other.id_);
    return *this;
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  [[nodiscard]] hid_t id() const { return id_; }
  [[nodiscard]] bool is_null() const { return id_ < 0; }
  [[nodiscard]] hid_t release() { return std::exchange(id_, H5I_INVALID_HID); }
  /// False if HDF5 reports an error.
  [[nodiscard]] bool close() {
    const hid_t closed = release();
    return closed < 0 || Close(closed) >= 0;
  }

 private:
  hid_t id_ = H5I_INVALID_HID;
};

using File = Handle<&H5Fclose>;
using Dataset = Handle<&H5Dclose>;
using Dataspace = Handle<&H5Sclose>;
using Datatype = Handle<&H5Tclose>;
using Attribute = Handle<&H5Aclose>;
using Object = Handle<&H5Oclose>;
using Group = Handle<&H5Gclose>;
using Properties = Handle<&H5Pclose>;

/// Turns off HDF5's own printing of errors. Cheap; called before a file is opened.
void silence_hdf5();

/// HDF5's description of the failure, by the innermost function that says something.
[[nodiscard]] std::string innermost_error();

/// Throws Error "FILE: DATASET: WHAT (HDF5: ...)". object: a dataset, or empty for the file.
[[noreturn]] void fail_hdf5(const std::string& path, const std::string& object, const char* what);

/// The machine's own form of a type: what memory holds.
[[nodiscard]] Datatype native_type(ElementType type);

/// Of numbers and of the values of enumerations; none if it is no number that Kith reads.
[[nodiscard]] std::optional<ElementType> element_type_of_stored(hid_t type);

/// Everything about a stored type that DatasetInfo holds; no shape.
[[nodiscard]] DatasetInfo describe_type(hid_t type);

/// Fixed-length UTF-8, padded with zeros.
[[nodiscard]] Datatype fixed_string_type(std::size_t num_bytes);

/// Bytes of the longest text, and all texts filled up with zeros to `length`.
[[nodiscard]] std::size_t longest(const std::vector<std::string>& texts);
[[nodiscard]] std::string padded(const std::vector<std::string>& texts, std::size_t length);

[[nodiscard]] std::vector<Count> shape_of(hid_t dataspace);

/// "600 x 16"; "of one value" for a scalar.
[[nodiscard]] std::string shape_text(std::span<const Count> shape);

/// Throws Error if that many elements are more than this process could ever hold. Cheap; called
/// before memory is asked for.
void require_memory(const std::string& path, const std::string& object,
                    std::span<const Count> shape, Count element_bytes);

/// Elements of one row of that shape.
[[nodiscard]] Count row_size_of(std::span<const Count> shape);

[[nodiscard]] std::vector<hsize_t> to_hsizes(std::span<const Count> shape);

/// A memory and a file dataspace that select whole rows. Null handles if HDF5 fails.
struct RowSelection {
  Dataspace memory;
  Dataspace file;
};
[[nodiscard]] RowSelection select_rows(hid_t dataset, std::span<const Count> shape, Count first_row,
                                       Count num_rows);

/// How many rows one call may transfer, at least 1.
[[nodiscard]] Count rows_per_transfer(Count row_bytes);

}  // namespace kith::io
