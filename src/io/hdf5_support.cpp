#include "io/hdf5_support.hpp"

#include <algorithm>
#include <numeric>

#include "kith/core/error.hpp"
#include "kith/core/memory.hpp"
#include "kith/core/quote.hpp"
#include "kith/io/files.hpp"
#include "kith/io/input_file.hpp"

namespace kith::io {
namespace {

Count transfer_limit = Count{512} << 20;  // MPI-IO in HDF5 1.10 fails beyond 2 GiB a call

herr_t take_first(unsigned /*depth*/, const H5E_error2_t* error, void* text) {
  auto& found = *static_cast<std::string*>(text);
  if (found.empty() && error->desc != nullptr) {
    found = error->desc;
  }
  return 0;
}

/// binary16 as h5py stores it: 1 sign, 5 exponent, 10 fraction bits, bias 15.
Datatype half_type() {
  Datatype type{H5Tcopy(H5T_NATIVE_FLOAT)};
  H5Tset_fields(type.id(), 15, 10, 5, 0, 10);
  H5Tset_size(type.id(), 2);
  H5Tset_ebias(type.id(), 15);
  return type;
}

std::optional<ElementType> stored_float(hid_t type) {
  std::size_t sign = 0, exponent = 0, exponent_bits = 0, fraction = 0, fraction_bits = 0;
  H5Tget_fields(type, &sign, &exponent, &exponent_bits, &fraction, &fraction_bits);
  const auto is = [&](std::size_t bytes, std::size_t bits) {
    return H5Tget_size(type) == bytes && exponent_bits == bits &&
           exponent_bits + fraction_bits + 1 == 8 * bytes;
  };
  if (is(2, 5)) {
    return ElementType::f16;
  }
  if (is(4, 8)) {
    return ElementType::f32;
  }
  return is(8, 11) ? std::optional{ElementType::f64} : std::nullopt;
}

std::string type_name_of(hid_t type, std::optional<ElementType> element) {
  switch (H5Tget_class(type)) {
    case H5T_STRING:
      return "string";
    case H5T_COMPOUND:
      return "compound";
    case H5T_ENUM:
      return "enumeration";
    case H5T_FLOAT:
      return element ? to_string(*element) : "a float of another format";
    case H5T_VLEN:
      return "lists of any length";
    case H5T_ARRAY:
      return "arrays";
    case H5T_REFERENCE:
      return "references";
    default:
      return element ? to_string(*element) : "another type";
  }
}

std::vector<EnumMember> members_of(hid_t type) {
  const Datatype native{H5Tget_native_type(type, H5T_DIR_ASCEND)};
  const Datatype number{H5Tget_super(native.id())};
  std::vector<EnumMember> members;
  for (int i = 0; i < H5Tget_nmembers(native.id()); ++i) {
    char* name = H5Tget_member_name(native.id(), static_cast<unsigned>(i));
    std::int64_t value = 0;  // widened in place
    H5Tget_member_value(native.id(), static_cast<unsigned>(i), &value);
    H5Tconvert(number.id(), H5T_NATIVE_INT64, 1, &value, nullptr, H5P_DEFAULT);
    members.push_back({name == nullptr ? "" : name, value});
    H5free_memory(name);
  }
  return members;
}

}  // namespace

void set_transfer_bytes(Count bytes) {
  transfer_limit = bytes;
}

Count transfer_bytes() {
  return transfer_limit;
}

Count rows_per_transfer(Count row_bytes) {
  return std::max<Count>(1, transfer_limit / std::max<Count>(1, row_bytes));
}

void silence_hdf5() {
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

std::string innermost_error() {
  std::string text;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, &take_first, &text);
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text.empty() ? "no reason given" : text;
}

void fail_hdf5(const std::string& path, const std::string& object, const char* what) {
  fail("{}{}{}: {} (HDF5: {})", path, object.empty() ? "" : ": ", quote(object), what,
       quote(innermost_error()));
}

Datatype native_type(ElementType type) {
  switch (type) {
    case ElementType::i8:
      return Datatype{H5Tcopy(H5T_NATIVE_INT8)};
    case ElementType::u8:
      return Datatype{H5Tcopy(H5T_NATIVE_UINT8)};
    case ElementType::i16:
      return Datatype{H5Tcopy(H5T_NATIVE_INT16)};
    case ElementType::u16:
      return Datatype{H5Tcopy(H5T_NATIVE_UINT16)};
    case ElementType::i32:
      return Datatype{H5Tcopy(H5T_NATIVE_INT32)};
    case ElementType::u32:
      return Datatype{H5Tcopy(H5T_NATIVE_UINT32)};
    case ElementType::i64:
      return Datatype{H5Tcopy(H5T_NATIVE_INT64)};
    case ElementType::u64:
      return Datatype{H5Tcopy(H5T_NATIVE_UINT64)};
    case ElementType::f16:
      return half_type();
    case ElementType::f32:
      return Datatype{H5Tcopy(H5T_NATIVE_FLOAT)};
    case ElementType::f64:
      return Datatype{H5Tcopy(H5T_NATIVE_DOUBLE)};
  }
  return Datatype{};
}

std::optional<ElementType> element_type_of_stored(hid_t type) {
  if (H5Tget_class(type) == H5T_ENUM) {
    return element_type_of_stored(Datatype{H5Tget_super(type)}.id());
  }
  if (H5Tget_class(type) == H5T_FLOAT) {
    return stored_float(type);
  }
  const std::size_t bytes = H5Tget_size(type);
  if (H5Tget_class(type) != H5T_INTEGER || H5Tget_precision(type) != 8 * bytes) {
    return std::nullopt;
  }
  const bool is_signed = H5Tget_sign(type) == H5T_SGN_2;
  switch (bytes) {
    case 1:
      return is_signed ? ElementType::i8 : ElementType::u8;
    case 2:
      return is_signed ? ElementType::i16 : ElementType::u16;
    case 4:
      return is_signed ? ElementType::i32 : ElementType::u32;
    case 8:
      return is_signed ? ElementType::i64 : ElementType::u64;
    default:
      return std::nullopt;
  }
}

DatasetInfo describe_type(hid_t type) {
  DatasetInfo info;
  info.type = element_type_of_stored(type);
  info.type_name = type_name_of(type, info.type);
  info.has_strings = H5Tget_class(type) == H5T_STRING;
  if (H5Tget_class(type) == H5T_ENUM) {
    info.members = members_of(type);
  }
  return info;
}

Datatype fixed_string_type(std::size_t num_bytes) {
  Datatype type{H5Tcopy(H5T_C_S1)};
  H5Tset_size(type.id(), std::max<std::size_t>(1, num_bytes));
  H5Tset_cset(type.id(), H5T_CSET_UTF8);
  H5Tset_strpad(type.id(), H5T_STR_NULLPAD);
  return type;
}

std::size_t longest(const std::vector<std::string>& texts) {
  std::size_t length = 0;
  for (const std::string& text : texts) {
    length = std::max(length, text.size());
  }
  return length;
}

std::string padded(const std::vector<std::string>& texts, std::size_t length) {
  std::string bytes;
  bytes.reserve(texts.size() * length);
  for (const std::string& text : texts) {
    bytes += text;
    bytes.resize(bytes.size() + length - text.size(), '\0');
  }
  return bytes;
}

std::vector<Count> shape_of(hid_t dataspace) {
  const int rank = H5Sget_simple_extent_ndims(dataspace);
  std::vector<hsize_t> sizes(to_size(std::max(rank, 0)));
  H5Sget_simple_extent_dims(dataspace, sizes.data(), nullptr);
  std::vector<Count> shape;
  for (const hsize_t size : sizes) {
    shape.push_back(static_cast<Count>(size));
  }
  return shape;
}

std::string shape_text(std::span<const Count> shape) {
  return shape.empty() ? "of one value" : fmt::format("{}", fmt::join(shape, " x "));
}

void require_memory(const std::string& path, const std::string& object,
                    std::span<const Count> shape, Count element_bytes) {
  Count bytes = element_bytes;
  bool is_too_much = false;
  for (const Count size : shape) {
    is_too_much = is_too_much || __builtin_mul_overflow(bytes, std::max<Count>(1, size), &bytes);
  }
  const Count limit = memory_limit();
  if (is_too_much || bytes > limit) {
    fail("{}: {}: has the shape {}, too large for the {} of memory of this machine", path,
         quote(object), shape_text(shape), format_bytes(limit));
  }
}

Count row_size_of(std::span<const Count> shape) {
  return shape.empty()
             ? 1
             : std::accumulate(shape.begin() + 1, shape.end(), Count{1}, std::multiplies<>{});
}

std::vector<hsize_t> to_hsizes(std::span<const Count> shape) {
  std::vector<hsize_t> sizes;
  sizes.reserve(shape.size());
  for (const Count size : shape) {
    sizes.push_back(static_cast<hsize_t>(size));
  }
  return sizes;
}

RowSelection select_rows(hid_t dataset, std::span<const Count> shape, Count first_row,
                         Count num_rows) {
  std::vector<hsize_t> start(shape.size(), 0);
  std::vector<hsize_t> size = to_hsizes(shape);
  RowSelection selection;
  selection.file = Dataspace{H5Dget_space(dataset)};
  if (shape.empty()) {  // a scalar
    selection.memory = Dataspace{H5Screate(H5S_SCALAR)};
    return selection;
  }
  start[0] = static_cast<hsize_t>(first_row);
  size[0] = static_cast<hsize_t>(num_rows);
  selection.memory =
      Dataspace{H5Screate_simple(static_cast<int>(size.size()), size.data(), nullptr)};
  if (H5Sselect_hyperslab(selection.file.id(), H5S_SELECT_SET, start.data(), nullptr, size.data(),
                          nullptr) < 0) {
    selection.file = Dataspace{};
  }
  return selection;
}

}  // namespace kith::io
