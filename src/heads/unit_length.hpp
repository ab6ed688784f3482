// Rows of length 1.
#pragma once

#include <cmath>
#include <span>

#include "kith/core/types.hpp"

namespace kith::heads {

/// The sum of squares in eight chains, in double precision: the same bits everywhere.
[[nodiscard]] inline double square_of(std::span<const float> row) {
  constexpr std::size_t kChains = 8;
  double sums[kChains] = {};
  std::size_t i = 0;
  for (; i + kChains <= row.size(); i += kChains) {
    for (std::size_t chain = 0; chain < kChains; ++chain) {
      sums[chain] += double{row[i + chain]} * double{row[i + chain]};
    }
  }
  double sum = 0;
  for (; i < row.size(); ++i) {
    sum += double{row[i]} * double{row[i]};
  }
  for (const double chain : sums) {
    sum += chain;
  }
  return sum;
}

/// Divides rows of dim floats by their length; zero rows stay.
inline void to_unit_length(std::span<float> rows, Count dim) {
  for (std::size_t begin = 0; begin < rows.size(); begin += to_size(dim)) {
    const auto row = rows.subspan(begin, to_size(dim));
    const double square = square_of(row);
    const auto scale = static_cast<float>(square > 0 ? 1 / std::sqrt(square) : 1.0);
    for (float& value : row) {
      value *= scale;
    }
  }
}

}  // namespace kith::heads
