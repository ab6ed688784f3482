/// How a value is written: in an INI file, on the command line, in a manifest. Double quotes around
/// a value, or around an entry of a list, protect what is inside; there "" stands for one quote.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kith::config {

/// Without spaces and tabs at both ends.
[[nodiscard]] std::string_view trimmed(std::string_view text);

/// Without the comment: "#" or ";" behind white space, outside of quotes.
[[nodiscard]] std::string_view without_comment(std::string_view text);

/// The value that is written so. Throws Error if a quote is not closed or not at the end.
[[nodiscard]] std::string unquoted(std::string_view written);

/// The entries of a list, separated by commas; empty ones do not count. Throws Error as unquoted().
[[nodiscard]] std::vector<std::string> split_list(std::string_view written);

/// How a value or a list is written, so that it comes back; quoted only where that is needed.
[[nodiscard]] std::string as_written(std::string_view value);
[[nodiscard]] std::string as_written(std::span<const std::string> list);

}  // namespace kith::config
