/// What the elements of a stored dataset are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "kith/core/types.hpp"

namespace kith::io {

enum class ElementType : std::uint8_t { i8, u8, i16, u16, i32, u32, i64, u64, f16, f32, f64 };

/// "f32" and so on.
[[nodiscard]] const char* to_string(ElementType type);

/// Bytes of one element.
[[nodiscard]] Count element_bytes(ElementType type);

[[nodiscard]] constexpr bool is_float(ElementType type) {
  return type >= ElementType::f16;
}
[[nodiscard]] constexpr bool is_signed_integer(ElementType type) {
  return !is_float(type) && static_cast<int>(type) % 2 == 0;
}

/// The element type of a C++ arithmetic type; f16 has none.
template <class T>
[[nodiscard]] constexpr ElementType element_type_of() {
  static_assert(std::is_arithmetic_v<T> && !std::is_same_v<T, bool> && sizeof(T) <= 8);
  if constexpr (std::is_floating_point_v<T>) {
    return sizeof(T) == 4 ? ElementType::f32 : ElementType::f64;
  } else {
    constexpr int log_bytes = sizeof(T) == 1 ? 0 : sizeof(T) == 2 ? 1 : sizeof(T) == 4 ? 2 : 3;
    return static_cast<ElementType>(2 * log_bytes + (std::is_signed_v<T> ? 0 : 1));
  }
}

}  // namespace kith::io
