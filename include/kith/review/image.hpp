/// Pictures of items, small enough to lie in a page.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace kith::review {

struct ImageShape {
  int height = 0;
  int width = 0;
  int channels = 1;  // 1: gray, 3: red, green, blue
};

/// A picture as a data: URI of a PNG, its longer side at most `most_pixels`: larger ones are
/// averaged over blocks. pixels: row by row, channels side by side. Throws Error.
[[nodiscard]] std::string png_uri(std::span<const std::uint8_t> pixels, ImageShape shape,
                                  int most_pixels);

}  // namespace kith::review
