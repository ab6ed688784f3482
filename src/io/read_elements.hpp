/// Stored elements and strings into C++ ones; shared by datasets, fields and attributes.
#pragma once

#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kith/core/error.hpp"
#include "kith/io/convert.hpp"

#include "io/hdf5_support.hpp"

namespace kith::io {

/// How messages name what is read.
struct Place {
  std::string path;
  std::string object;
};

/// Throws Error unless the type is a string of a length that makes sense.
void require_strings(const Place& place, const Datatype& stored);

/// Throws Error, naming the first string that is not UTF-8.
void require_utf8(const Place& place, std::span<const std::string> strings, Count first);

/// A string of fixed length without what fills it up.
[[nodiscard]] std::string unpadded(std::string_view text, bool pads_with_spaces);

/// Converts integers with a check that each fits. place_of(element) begins the message.
template <class To, class From, class PlaceOf>
void convert_from(std::span<const std::byte> stored, std::span<To> out, const PlaceOf& place_of) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    From value;
    std::memcpy(&value, stored.data() + i * sizeof(From), sizeof(From));
    if constexpr (std::is_integral_v<To>) {
      if (!std::in_range<To>(value)) {
        fail("{}: {} does not fit into {}", place_of(static_cast<Count>(i)), value,
             to_string(element_type_of<To>()));
      }
    }
    out[i] = static_cast<To>(value);  // NOLINT(bugprone-signed-char-misuse): i8 is a number
  }
}

/// Elements of `type` to T. Throws Error for floats where integers are asked for.
template <class T, class PlaceOf>
void convert_elements(ElementType type, std::span<const std::byte> stored, std::span<T> out,
                      const PlaceOf& place_of) {
  if constexpr (std::is_same_v<T, float>) {
    return to_float(type, stored, out);
  } else if (is_float(type)) {
    if constexpr (std::is_integral_v<T>) {
      fail("{}: is stored as {}, expected integers", place_of(0), to_string(type));
    } else if (type == ElementType::f64) {
      std::memcpy(out.data(), stored.data(), out.size_bytes());
    } else {
      std::vector<float> floats(out.size());
      to_float(type, stored, floats);
      std::copy(floats.begin(), floats.end(), out.begin());
    }
    return;
  }
  switch (type) {
    case ElementType::i8:
      return convert_from<T, std::int8_t>(stored, out, place_of);
    case ElementType::u8:
      return convert_from<T, std::uint8_t>(stored, out, place_of);
    case ElementType::i16:
      return convert_from<T, std::int16_t>(stored, out, place_of);
    case ElementType::u16:
      return convert_from<T, std::uint16_t>(stored, out, place_of);
    case ElementType::i32:
      return convert_from<T, std::int32_t>(stored, out, place_of);
    case ElementType::u32:
      return convert_from<T, std::uint32_t>(stored, out, place_of);
    case ElementType::i64:
      return convert_from<T, std::int64_t>(stored, out, place_of);
    default:
      return convert_from<T, std::uint64_t>(stored, out, place_of);
  }
}

/// Strings of a dataset or attribute: as many as `space`, the one in memory, has elements.
/// read(type, out) is its H5Dread or H5Aread. first: number of the first of them, for messages.
template <class Read>
std::vector<std::string> read_strings_with(const Place& place, const Datatype& stored,
                                           const Dataspace& space, Count first, const Read& read) {
  require_strings(place, stored);
  const auto count = to_size(static_cast<Count>(H5Sget_simple_extent_npoints(space.id())));
  const bool is_variable = H5Tis_variable_str(stored.id()) > 0;
  const std::size_t length = is_variable ? sizeof(char*) : H5Tget_size(stored.id());
  require_memory(place.path, place.object, shape_of(space.id()),
                 static_cast<Count>(length + sizeof(std::string)));
  std::vector<std::string> strings;
  strings.reserve(count);
  if (is_variable) {
    std::vector<char*> texts(count, nullptr);
    if (read(stored.id(), texts.data()) < 0) {
      fail_hdf5(place.path, place.object, "cannot be read");
    }
    for (const char* text : texts) {
      strings.emplace_back(text == nullptr ? "" : text);
    }
    H5Dvlen_reclaim(stored.id(), space.id(), H5P_DEFAULT, texts.data());
  } else {
    std::string texts(count * length, '\0');
    if (read(stored.id(), texts.data()) < 0) {
      fail_hdf5(place.path, place.object, "cannot be read");
    }
    const bool pads_with_spaces = H5Tget_strpad(stored.id()) == H5T_STR_SPACEPAD;
    for (std::size_t i = 0; i < count; ++i) {
      strings.push_back(
          unpadded(std::string_view{texts}.substr(i * length, length), pads_with_spaces));
    }
  }
  require_utf8(place, strings, first);
  return strings;
}

}  // namespace kith::io
