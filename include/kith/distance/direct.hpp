/// Exact squared distances: one chain of fused multiply-adds over the dimensions.
#pragma once

#include <cstddef>
#include <span>

#include "kith/core/types.hpp"
#include "kith/distance/rows.hpp"

namespace kith::distance {

/// The sum of (x_i - y_i)^2 from i = 0 on, each term added by one fused multiply-add. Symmetric.
[[nodiscard]] float squared_distance(std::span<const float> x, std::span<const float> y);

/// The sum of x_i y_i, in the same way. Symmetric.
[[nodiscard]] float inner_product(std::span<const float> x, std::span<const float> y);

/// out[i] = squared_distance(query, row i), the same bits, several rows at a time with prefetch.
/// rows: pointers to query.size() elements of `type` each; out: rows.size() entries.
void squared_distances(std::span<const float> query, RowType type,
                       std::span<const std::byte* const> rows, std::span<float> out);

/// out[i] = inner_product(query, row i), likewise.
void inner_products(std::span<const float> query, RowType type,
                    std::span<const std::byte* const> rows, std::span<float> out);

}  // namespace kith::distance
