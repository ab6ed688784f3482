#include "kith/io/element_type.hpp"

#include <array>

namespace kith::io {

const char* to_string(ElementType type) {
  constexpr std::array names = {"i8",  "u8",  "i16", "u16", "i32", "u32",
                                "i64", "u64", "f16", "f32", "f64"};
  return names[static_cast<std::size_t>(type)];
}

Count element_bytes(ElementType type) {
  constexpr std::array<Count, 11> bytes = {1, 1, 2, 2, 4, 4, 8, 8, 2, 4, 8};
  return bytes[static_cast<std::size_t>(type)];
}

}  // namespace kith::io
