#include "kith/io/convert.hpp"

#include <cstring>

#include "kith/core/half.hpp"

namespace kith::io {
namespace {

template <class T>
void widen(std::span<const std::byte> stored, std::span<float> out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    T value;
    std::memcpy(&value, stored.data() + i * sizeof(T), sizeof(T));
    out[i] = static_cast<float>(value);
  }
}

}  // namespace

void to_float(ElementType type, std::span<const std::byte> stored, std::span<float> out) {
  switch (type) {
    case ElementType::i8:
      return widen<std::int8_t>(stored, out);
    case ElementType::u8:
      return widen<std::uint8_t>(stored, out);
    case ElementType::i16:
      return widen<std::int16_t>(stored, out);
    case ElementType::u16:
      return widen<std::uint16_t>(stored, out);
    case ElementType::i32:
      return widen<std::int32_t>(stored, out);
    case ElementType::u32:
      return widen<std::uint32_t>(stored, out);
    case ElementType::i64:
      return widen<std::int64_t>(stored, out);
    case ElementType::u64:
      return widen<std::uint64_t>(stored, out);
    case ElementType::f16: {
      const auto* halves =
          static_cast<const std::uint16_t*>(static_cast<const void*>(stored.data()));
      return half_to_float(std::span{halves, out.size()}, out);
    }
    case ElementType::f32:
      return widen<float>(stored, out);
    case ElementType::f64:
      return widen<double>(stored, out);
  }
}

}  // namespace kith::io
