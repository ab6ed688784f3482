#include "report/view/json_fields.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <limits>
#include <utility>

namespace kith::report {

std::string JsonPlace::text() const {
  if (outer == nullptr) {
    return std::string{key};
  }
  const std::string before = outer->text();
  if (key.empty()) {
    return fmt::format("{}[{}]", before, index);
  }
  return before + (outer->outer == nullptr ? ": " : ".") + std::string{key};
}

JsonFields::JsonFields(const Json& object, const JsonPlace& place)
    : object_{object}, place_{place} {
  if (!object.is_object()) {
    fail_at(place, "an object");
  }
}

void fail_at(const JsonPlace& place, std::string_view expected) {
  fail("{}: expected {}", place.text(), expected);
}

void read_value(const Json& json, const JsonPlace& place, double& value) {
  if (!json.is_number()) {
    fail_at(place, "a number");
  }
  value = json.get<double>();
}

void read_value(const Json& json, const JsonPlace& place, bool& value) {
  if (!json.is_boolean()) {
    fail_at(place, "true or false");
  }
  value = json.get<bool>();
}

void read_value(const Json& json, const JsonPlace& place, Count& value) {
  constexpr auto kMost = std::numeric_limits<Count>::max();
  if (!json.is_number_integer() ||
      (json.is_number_unsigned() && std::cmp_greater(json.get<std::uint64_t>(), kMost))) {
    fail_at(place, "a whole number of 64 bits");
  }
  value = json.get<Count>();
}

void read_value(const Json& json, const JsonPlace& place, std::size_t& value) {
  if (!json.is_number_unsigned()) {
    fail_at(place, "a whole number from 0");
  }
  value = json.get<std::size_t>();
}

void read_value(const Json& json, const JsonPlace& place, std::string& value) {
  if (!json.is_string()) {
    fail_at(place, "a text");
  }
  value = json.get<std::string>();
}

}  // namespace kith::report
