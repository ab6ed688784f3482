#include "kith/core/half.hpp"

#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

namespace kith {
namespace {

/// The value by its definition: fraction and exponent as integers.
double half_by_definition(std::uint16_t half) {
  const int exponent = (half >> 10) & 31;
  const int fraction = half & 1023;
  const double magnitude =
      exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
  return (half & 0x8000) != 0 ? -magnitude : magnitude;
}

TEST(Half, ToFloatIsExactForEveryFiniteValue) {
  for (std::uint32_t bits = 0; bits < 65536; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    if (((half >> 10) & 31) != 31) {
      EXPECT_EQ(half_to_float(half), half_by_definition(half)) << bits;
      EXPECT_EQ(std::signbit(half_to_float(half)), (half & 0x8000) != 0) << bits;
    }
  }
}

TEST(Half, InfinityAndNanKeepTheirKind) {
  EXPECT_EQ(half_to_float(0x7C00), std::numeric_limits<float>::infinity());
  EXPECT_EQ(half_to_float(0xFC00), -std::numeric_limits<float>::infinity());
  EXPECT_TRUE(std::isnan(half_to_float(0x7C01)));
  EXPECT_TRUE(std::isnan(half_to_float(float_to_half(std::nanf("")))));
}

TEST(Half, VectorPathGivesTheSameBitsAsTheScalarOne) {
  std::vector<std::uint16_t> halves(65536 + 5);  // the tail is not a multiple of 8
  for (std::size_t i = 0; i < halves.size(); ++i) {
    halves[i] = static_cast<std::uint16_t>(i);
  }
  std::vector<float> floats(halves.size());

  half_to_float(halves, floats);

  for (std::size_t i = 0; i < halves.size(); ++i) {
    EXPECT_EQ(std::bit_cast<std::uint32_t>(floats[i]),
              std::bit_cast<std::uint32_t>(half_to_float(halves[i])))
        << i;
  }
}

TEST(Half, FromFloatRoundsToNearestTiesToEven) {
  for (std::uint16_t half = 0; half < 0x7BFF; ++half) {
    const float below = half_to_float(half);
    const float above = half_to_float(static_cast<std::uint16_t>(half + 1));
    const float middle = below + (above - below) / 2;
    const int even = half % 2 == 0 ? half : half + 1;
    EXPECT_EQ(float_to_half(below), half);
    EXPECT_EQ(float_to_half(middle), even) << half;
    EXPECT_EQ(float_to_half(std::nextafter(middle, below)), half);
    EXPECT_EQ(float_to_half(std::nextafter(middle, above)), half + 1);
    EXPECT_EQ(float_to_half(-middle), 0x8000 | even);
  }
  EXPECT_EQ(float_to_half(65519.0F), 0x7BFF);
  EXPECT_EQ(float_to_half(65520.0F), 0x7C00);
}

TEST(Half, VectorPathFromFloatGivesTheSameBitsAsTheScalarOne) {
  std::vector<float> floats;
  for (std::uint32_t bits = 0; bits < 0x7F800000U; bits += 77777) {
    floats.push_back(std::bit_cast<float>(bits));
    floats.push_back(-floats.back());
  }
  std::vector<std::uint16_t> halves(floats.size());

  float_to_half(floats, halves);

  for (std::size_t i = 0; i < halves.size(); ++i) {
    EXPECT_EQ(halves[i], float_to_half(floats[i])) << floats[i];
  }
}

}  // namespace
}  // namespace kith
