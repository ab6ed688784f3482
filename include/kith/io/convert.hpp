/// Stored elements to the numbers that Kith computes with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kith/io/element_type.hpp"

namespace kith::io {

/// Elements of any type to float32; f64 and integers are rounded to nearest. stored:
/// out.size() elements in the machine's byte order, aligned to their size.
void to_float(ElementType type, std::span<const std::byte> stored, std::span<float> out);

}  // namespace kith::io
