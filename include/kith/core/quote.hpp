/// Text that came from outside, made fit for a message.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace kith {

/// The most bytes of a text from outside that a message repeats.
inline constexpr std::size_t kQuotedBytes = 200;

/// Length in bytes of the UTF-8 character that `text` begins with; 0 if it begins with none: the
/// text is empty, cut off, overlong, a surrogate or above U+10FFFF.
[[nodiscard]] std::size_t utf8_length(std::string_view text);

/// True if all of it is UTF-8.
[[nodiscard]] bool is_utf8(std::string_view text);

/// The text without quotation marks, as one line of UTF-8: what is no UTF-8 and control characters
/// are shown as \xNN. Cut after at most kQuotedBytes bytes of the text, between two characters,
/// with
/// "..." appended.
[[nodiscard]] std::string quote(std::string_view text);

/// The text with each word of more than 300 bytes cut as by quote(): paths and names from outside
/// that a message repeats.
[[nodiscard]] std::string cut_words(std::string_view text);

}  // namespace kith
