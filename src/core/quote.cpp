#include "kith/core/quote.hpp"

#include <fmt/format.h>

#include <cstdint>

namespace kith {
namespace {

/// C0 and C1 control characters and DEL.
bool is_control(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  return first < 0x20 || first == 0x7F ||
         (first == 0xC2 && static_cast<unsigned char>(character[1]) < 0xA0);
}

}  // namespace

std::size_t utf8_length(std::string_view text) {
  if (text.empty()) {
    return 0;
  }
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) {
    return 1;
  }
  const std::size_t length = first < 0xC2   ? 0
                             : first < 0xE0 ? 2
                             : first < 0xF0 ? 3
                             : first < 0xF5 ? 4
                                            : 0;
  if (length == 0 || text.size() < length) {
    return 0;
  }
  std::uint32_t code = first & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xC0U) != 0x80U) {
      return 0;
    }
    code = code << 6 | (next & 0x3FU);
  }
  const bool is_overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  const bool is_surrogate = code >= 0xD800 && code < 0xE000;
  return is_overlong || is_surrogate || code > 0x10FFFF ? 0 : length;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0) {
      return false;
    }
    text.remove_prefix(length);
  }
  return true;
}

std::string quote(std::string_view text) {
  std::string shown;
  std::size_t done = 0;
  while (done < text.size()) {
    const std::size_t length = utf8_length(text.substr(done));
    const std::string_view character = text.substr(done, length == 0 ? 1 : length);
    if (done + character.size() > kQuotedBytes) {
      return shown + "...";
    }
    if (length != 0 && !is_control(character)) {
      shown += character;
    } else {
      for (const char byte : character) {
        shown += fmt::format("\\x{:02X}", static_cast<unsigned char>(byte));
      }
    }
    done += character.size();
  }
  return shown;
}

std::string cut_words(std::string_view text) {
  constexpr std::size_t kLongestWord = 300;
  std::string cut;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    cut += word.size() > kLongestWord ? quote(word) : std::string{word};
    cut += end < text.size() ? " " : "";
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return cut;
}

}  // namespace kith
