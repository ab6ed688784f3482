#include "kith/config/value_text.hpp"

#include <algorithm>

#include "kith/core/error.hpp"
#include "kith/core/quote.hpp"

namespace kith::config {
namespace {

constexpr std::string_view kSpaces = " \t";

bool is_space(char c) {
  return kSpaces.find(c) != std::string_view::npos;
}

/// The length of what is in quotes at the beginning of `text`, with them; npos if they are not
/// closed, 0 if there are none.
std::size_t quoted_length(std::string_view text) {
  if (!text.starts_with('"')) {
    return 0;
  }
  for (std::size_t at = 1; at < text.size(); ++at) {
    if (text[at] == '"') {
      if (at + 1 == text.size() || text[at + 1] != '"') {
        return at + 1;
      }
      ++at;
    }
  }
  return std::string_view::npos;
}

/// Calls visit(position, character) for what stands outside of quotes. Quotes open only where a
/// value or an entry of a list begins: elsewhere they are characters like others.
template <class Visit>
void for_each_outside_quotes(std::string_view text, const Visit& visit) {
  bool is_beginning = true;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (is_beginning && text[at] == '"') {
      const std::size_t length = quoted_length(text.substr(at));
      if (length == std::string_view::npos) {
        return;
      }
      at += length - 1;
      is_beginning = false;
      continue;
    }
    is_beginning = text[at] == ',' || (is_beginning && is_space(text[at]));
    visit(at, text[at]);
  }
}

std::string in_quotes(std::string_view value) {
  std::string written = "\"";
  for (const char c : value) {
    written += c == '"' ? "\"\"" : std::string{c};
  }
  return written + '"';
}

}  // namespace

std::string_view trimmed(std::string_view text) {
  const std::size_t first = std::min(text.find_first_not_of(kSpaces), text.size());
  return text.substr(first, text.find_last_not_of(kSpaces) + 1 - first);
}

std::string_view without_comment(std::string_view text) {
  std::size_t end = text.size();
  for_each_outside_quotes(text, [&](std::size_t at, char c) {
    const bool is_comment = (c == '#' || c == ';') && at > 0 && is_space(text[at - 1]);
    end = is_comment ? std::min(end, at) : end;
  });
  return text.substr(0, end);
}

std::string unquoted(std::string_view written) {
  const std::string_view text = trimmed(written);
  const std::size_t length = quoted_length(text);
  if (length == 0) {
    return std::string{text};
  }
  if (length != text.size()) {
    fail("a quote is not closed or does not end the text: {}", quote(text));
  }
  std::string value;
  for (std::size_t at = 1; at + 1 < text.size(); ++at) {
    value += text[at];
    at += text[at] == '"' ? 1U : 0U;
  }
  return value;
}

std::vector<std::string> split_list(std::string_view written) {
  std::vector<std::size_t> commas;
  for_each_outside_quotes(written, [&](std::size_t at, char c) {
    if (c == ',') {
      commas.push_back(at);
    }
  });
  commas.push_back(written.size());
  std::vector<std::string> entries;
  std::size_t first = 0;
  for (const std::size_t comma : commas) {
    std::string entry = unquoted(written.substr(first, comma - first));
    if (!entry.empty()) {
      entries.push_back(std::move(entry));
    }
    first = comma + 1;
  }
  return entries;
}

std::string as_written(std::string_view value) {
  const bool comes_back = trimmed(without_comment(value)).size() == value.size() &&
                          !value.starts_with('"') && !value.starts_with('#') &&
                          !value.starts_with(';');
  return comes_back ? std::string{value} : in_quotes(value);
}

std::string as_written(std::span<const std::string> list) {
  std::string written;
  for (const std::string& entry : list) {
    written += written.empty() ? "" : ", ";
    written += entry.find(',') == std::string::npos ? as_written(entry) : in_quotes(entry);
  }
  return written;
}

}  // namespace kith::config
