#include "kith/io/json.hpp"

#include <filesystem>

#include "kith/core/error.hpp"
#include "kith/io/files.hpp"

namespace kith::io {

void fail_damaged(const std::string& path, std::string_view what) {
  fail("{}: is damaged: {}; put back a whole copy of it, or set another run.directory", path, what);
}

Json parse_json(std::string_view text, const std::string& path) {
  constexpr int kMostDepth = 64;  // what is nested deeper would overflow the stack when written
  const auto check_depth = [&](int depth, Json::parse_event_t /*event*/, Json& /*parsed*/) {
    if (depth > kMostDepth) {
      fail_damaged(path, "it is nested too deeply");
    }
    return true;
  };
  try {
    return Json::parse(text, check_depth);
  } catch (const Json::parse_error& error) {
    fail_damaged(path, fmt::format("it is not JSON at byte {} of {}", error.byte, text.size()));
  } catch (const Json::exception&) {
    fail_damaged(path, "it holds a number that is too large");
  }
}

Json read_json(const std::string& path) {
  std::error_code unknown;
  const auto state = std::filesystem::status(path, unknown);
  if (std::filesystem::exists(state) && !std::filesystem::is_regular_file(state)) {
    fail("{}: is not a file", path);
  }
  return parse_json(read_file(path), path);
}

std::string json_text(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace kith::io
