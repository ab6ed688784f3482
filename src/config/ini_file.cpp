#include "kith/config/ini_file.hpp"

#include <unordered_map>

#include "kith/config/value_text.hpp"
#include "kith/core/error.hpp"
#include "kith/core/quote.hpp"

namespace kith::config {
namespace {

bool is_comment(std::string_view line) {
  return line.starts_with('#') || line.starts_with(';');
}

std::string read_section(std::string_view line, const io::TextFile& text) {
  const std::size_t end = line.find(']');
  const std::string_view behind =
      trimmed(line.substr(end == std::string_view::npos ? line.size() : end + 1));
  const std::string_view name =
      trimmed(line.substr(1, end == std::string_view::npos ? 0 : end - 1));
  if (name.empty() || (!behind.empty() && !is_comment(behind))) {
    fail("{}: \"{}\" is no section, expected [name] and nothing else but a comment", text.place(),
         quote(line));
  }
  return std::string{name} + ".";
}

}  // namespace

std::vector<Setting> read_ini(io::TextFile text) {
  std::vector<Setting> settings;
  std::unordered_map<std::string, Count> lines;
  std::string section;
  while (text.next_line()) {
    const std::string_view line = trimmed(text.line());
    if (line.empty() || is_comment(line)) {
      continue;
    }
    if (line.starts_with('[')) {
      section = read_section(line, text);
      continue;
    }
    const std::size_t equals = line.find('=');
    const std::string_view name = trimmed(line.substr(0, equals));
    if (equals == std::string_view::npos || name.empty()) {
      fail("{}: \"{}\" is neither [section] nor name = value", text.place(), quote(line));
    }
    std::string key = section + std::string{name};
    if (const auto [first, is_new] = lines.emplace(key, text.line_number()); !is_new) {
      fail("{}: key {} is given twice, first in line {}", text.place(), quote(key), first->second);
    }
    settings.push_back({std::move(key),
                        std::string{trimmed(without_comment(line.substr(equals + 1)))},
                        text.place()});
  }
  return settings;
}

}  // namespace kith::config
