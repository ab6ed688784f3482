/// JSON in files of a run: read with care, since disks and people change files.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace kith::io {

using Json = nlohmann::ordered_json;

/// Throws Error with one sentence that names the file if `text` is not JSON, holds a number that no
/// number of ours can be, or is nested deeper than any of our files.
[[nodiscard]] Json parse_json(std::string_view text, const std::string& path);

/// parse_json() of a file. Throws Error also if the file cannot be read or is no regular file.
[[nodiscard]] Json read_json(const std::string& path);

/// What `read` makes of parsed JSON; throws Error with one sentence that names the file if it is
/// not of the form that `read` expects.
template <class Read>
auto interpret_json(const std::string& path, Read&& read);

/// As text for a file. Bytes that are not UTF-8, from paths, become replacement characters.
[[nodiscard]] std::string json_text(const Json& json, int indent);

/// Throws Error: says of a file of a run what is wrong with it, and what to do.
[[noreturn]] void fail_damaged(const std::string& path, std::string_view what);

template <class Read>
auto interpret_json(const std::string& path, Read&& read) {
  try {
    return read();
  } catch (const Json::exception&) {
    fail_damaged(path, "it has not the form that kith writes");
  }
}

}  // namespace kith::io
