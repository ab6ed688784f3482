/// Rows of one length as they lie in memory: float32, or float16 where that holds every value.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "kith/core/types.hpp"

namespace kith::distance {

enum class RowType { f32, f16 };

[[nodiscard]] constexpr Count element_bytes(RowType type) {
  return type == RowType::f16 ? 2 : 4;
}

/// Consecutive rows to float32; exact, subnormal and infinite halves too. rows: at least
/// out.size() elements, aligned to their size.
void load_rows(RowType type, const std::byte* rows, std::span<float> out);

/// The same rows as float32: in place if that is what they are, else loaded into `scratch`.
[[nodiscard]] std::span<const float> as_floats(RowType type, std::span<const std::byte> rows,
                                               std::vector<float>& scratch);

}  // namespace kith::distance
