/// Inner products of many rows with a few packed items: a matrix product whose bits are fixed.
#pragma once

#include <span>

#include "kith/distance/panels.hpp"

namespace kith::distance {

/// out[q * num_items + i] = inner_product(query q, item i), the same bits on every instruction set.
///
/// items: packed under inner_product; queries: num_queries x dim, row-major. Single-threaded: call
/// it inside parallel_for with blocks of some dozens of queries.
void inner_products(const Panels& items, std::span<const float> queries, std::span<float> out);

}  // namespace kith::distance
