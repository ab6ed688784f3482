// Systems with a symmetric positive definite matrix.
#pragma once

#include <span>

#include "kith/core/types.hpp"

namespace kith::heads {

/// The lower half of `matrix` (size x size, row-major) becomes L with matrix = L L'; the upper half
/// is not read. False if it is not positive definite; it is then undefined.
[[nodiscard]] bool factorize(std::span<double> matrix, Count size);

/// Rows of `right_sides` (rows x size) become solutions of L L' x = row.
void solve(std::span<const double> factor, Count size, std::span<double> right_sides);

}  // namespace kith::heads
