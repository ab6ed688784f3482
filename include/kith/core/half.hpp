/// Half-precision numbers (IEEE 754 binary16), as their bits.
#pragma once

#include <cstdint>
#include <span>

namespace kith {

/// IEEE 754 binary16 to binary32; exact, NaN stays NaN.
[[nodiscard]] float half_to_float(std::uint16_t half);

/// IEEE 754 binary32 to binary16, rounded to nearest, ties to even; too large becomes infinite.
[[nodiscard]] std::uint16_t float_to_half(float value);

/// Many at once, with the F16C instructions where the CPU has them; the same bits either way.
void half_to_float(std::span<const std::uint16_t> halves, std::span<float> out);
void float_to_half(std::span<const float> values, std::span<std::uint16_t> out);

}  // namespace kith
