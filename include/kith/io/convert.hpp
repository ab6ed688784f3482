/// Stored elements to the numbers that Kith computes with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kith/io/element_type.hpp"

namespace kith::io {

/// IEEE 754 binary16 to binary32; exact, NaN stays NaN.
[[nodiscard]] float half_to_float(std::uint16_t half);

/// IEEE 754 binary32 to binary16, rounded to nearest, ties to even; too large becomes infinite.
[[nodiscard]] std::uint16_t float_to_half(float value);

/// Many at once, with the F16C instructions where the CPU has them; the same bits either way.
void half_to_float(std::span<const std::uint16_t> halves, std::span<float> out);

/// Elements of any type to float32; f64 and integers are rounded to nearest. stored:
/// out.size() elements in the machine's byte order, aligned to their size.
void to_float(ElementType type, std::span<const std::byte> stored, std::span<float> out);

}  // namespace kith::io
