#include "kith/review/image.hpp"

#include <png.h>

#include <algorithm>
#include <vector>

#include "kith/core/error.hpp"
#include "kith/core/types.hpp"

namespace kith::review {
namespace {

std::string base64(std::span<const std::uint8_t> bytes) {
  constexpr const char* kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto byte = [&](std::size_t at) { return at < bytes.size() ? unsigned{bytes[at]} : 0U; };
    const unsigned word = byte(i) << 16U | byte(i + 1) << 8U | byte(i + 2);
    text += kDigits[word >> 18U];
    text += kDigits[word >> 12U & 63U];
    text += i + 1 < bytes.size() ? kDigits[word >> 6U & 63U] : '=';
    text += i + 2 < bytes.size() ? kDigits[word & 63U] : '=';
  }
  return text;
}

/// Means over blocks of `factor` x `factor` pixels; at the edges over what is there.
std::vector<std::uint8_t> shrink(std::span<const std::uint8_t> pixels, ImageShape from,
                                 ImageShape to, int factor) {
  std::vector<std::uint8_t> small;
  for (int y = 0; y < to.height; ++y) {
    for (int x = 0; x < to.width; ++x) {
      for (int channel = 0; channel < to.channels; ++channel) {
        Count sum = 0;
        Count count = 0;
        for (int v = y * factor; v < std::min((y + 1) * factor, from.height); ++v) {
          for (int u = x * factor; u < std::min((x + 1) * factor, from.width); ++u) {
            sum += pixels[to_size((Count{v} * from.width + u) * from.channels + channel)];
            ++count;
          }
        }
        small.push_back(static_cast<std::uint8_t>((sum + count / 2) / count));
      }
    }
  }
  return small;
}

/// The file. libpng is asked for its size first.
std::vector<std::uint8_t> png_of(const std::vector<std::uint8_t>& pixels, ImageShape shape) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(shape.width);
  image.height = static_cast<png_uint_32>(shape.height);
  image.format = shape.channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
  png_alloc_size_t size = 0;
  std::vector<std::uint8_t> png;
  for (const bool is_sized : {false, true}) {
    png.resize(size);
    void* const out = is_sized ? png.data() : nullptr;
    if (png_image_write_to_memory(&image, out, &size, 0, pixels.data(), 0, nullptr) == 0) {
      fail("a picture of {} x {} pixels cannot be written: {}", shape.height, shape.width,
           image.message);
    }
  }
  png.resize(size);
  return png;
}

}  // namespace

std::string png_uri(std::span<const std::uint8_t> pixels, ImageShape shape, int most_pixels) {
  const int longer = std::max(shape.height, shape.width);
  const int factor = (longer + most_pixels - 1) / most_pixels;
  const ImageShape to{(shape.height + factor - 1) / factor, (shape.width + factor - 1) / factor,
                      shape.channels};
  return "data:image/png;base64," + base64(png_of(shrink(pixels, shape, to, factor), to));
}

}  // namespace kith::review
