#include "kith/core/half.hpp"

#include <bit>
#include <cstddef>
#include <cstring>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

namespace kith {
namespace {

constexpr std::uint32_t kQuietBit = 0x400000;

void half_to_float_portable(std::span<const std::uint16_t> halves, std::span<float> out) {
  for (std::size_t i = 0; i < halves.size(); ++i) {
    out[i] = half_to_float(halves[i]);
  }
}

void float_to_half_portable(std::span<const float> values, std::span<std::uint16_t> out) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    out[i] = float_to_half(values[i]);
  }
}

#if defined(__x86_64__)
__attribute__((target("avx,f16c"))) void half_to_float_f16c(std::span<const std::uint16_t> halves,
                                                            std::span<float> out) {
  const std::size_t vector_end = halves.size() / 8 * 8;
  for (std::size_t i = 0; i < vector_end; i += 8) {
    __m128i eight;
    std::memcpy(&eight, &halves[i], sizeof(eight));
    _mm256_storeu_ps(&out[i], _mm256_cvtph_ps(eight));
  }
  half_to_float_portable(halves.subspan(vector_end), out.subspan(vector_end));
}

__attribute__((target("avx,f16c"))) void float_to_half_f16c(std::span<const float> values,
                                                            std::span<std::uint16_t> out) {
  const std::size_t vector_end = values.size() / 8 * 8;
  for (std::size_t i = 0; i < vector_end; i += 8) {
    const __m128i eight = _mm256_cvtps_ph(_mm256_loadu_ps(&values[i]), _MM_FROUND_TO_NEAREST_INT);
    std::memcpy(&out[i], &eight, sizeof(eight));
  }
  float_to_half_portable(values.subspan(vector_end), out.subspan(vector_end));
}

bool has_f16c() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  const bool is_known = __get_cpuid(1, &a, &b, &c, &d) != 0;
  return is_known && (c & bit_F16C) != 0 && __builtin_cpu_supports("avx") != 0;
}
#endif

}  // namespace

float half_to_float(std::uint16_t half) {
  const std::uint32_t sign = std::uint32_t{half & 0x8000U} << 16;
  const std::uint32_t exponent = (half >> 10) & 0x1FU;
  const std::uint32_t fraction = half & 0x3FFU;
  if (exponent == 0x1F) {  // infinite, or NaN made quiet as the hardware does
    return std::bit_cast<float>(sign | 0x7F800000U | (fraction << 13) |
                                (fraction != 0 ? kQuietBit : 0U));
  }
  if (exponent == 0) {  // zero and subnormal: fraction * 2^-24, exact
    const float magnitude = static_cast<float>(fraction) * 0x1p-24F;
    return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(magnitude));
  }
  return std::bit_cast<float>(sign | ((exponent + 112) << 23) | (fraction << 13));
}

std::uint16_t float_to_half(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = (bits >> 16) & 0x8000U;
  const std::uint32_t magnitude = bits & 0x7FFFFFFFU;
  if (magnitude > 0x7F800000U) {
    return static_cast<std::uint16_t>(sign | 0x7E00U | ((magnitude >> 13) & 0x3FFU));
  }
  if (magnitude >= 0x477FF000U) {  // 65520 and above round to infinity
    return static_cast<std::uint16_t>(sign | 0x7C00U);
  }
  if (magnitude < 0x38800000U) {  // subnormal: adding 0.5 rounds to a multiple of 2^-24
    const float rounded = std::bit_cast<float>(magnitude) + 0.5F;
    return static_cast<std::uint16_t>(sign | (std::bit_cast<std::uint32_t>(rounded) - 0x3F000000U));
  }
  const std::uint32_t odd = (magnitude >> 13) & 1U;
  const std::uint32_t rounded = magnitude + 0xFFFU + odd - (std::uint32_t{112} << 23);
  return static_cast<std::uint16_t>(sign | (rounded >> 13));
}

void half_to_float(std::span<const std::uint16_t> halves, std::span<float> out) {
#if defined(__x86_64__)
  static const bool kIsFast = has_f16c();
  if (kIsFast) {
    half_to_float_f16c(halves, out);
    return;
  }
#endif
  half_to_float_portable(halves, out);
}

void float_to_half(std::span<const float> values, std::span<std::uint16_t> out) {
#if defined(__x86_64__)
  static const bool kIsFast = has_f16c();
  if (kIsFast) {
    float_to_half_f16c(values, out);
    return;
  }
#endif
  float_to_half_portable(values, out);
}

}  // namespace kith
