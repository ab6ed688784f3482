/// Reads JSON into typed values; an error names the place of the value.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kith/core/error.hpp"
#include "kith/core/types.hpp"
#include "kith/report/estimates.hpp"

namespace kith::report {

using Json = nlohmann::ordered_json;

/// Where a value is: the chain of keys and indices that lead to it from the name of the text.
struct JsonPlace {
  const JsonPlace* outer = nullptr;  // none: the whole text, `key` is its name
  std::string_view key;              // empty: an entry of an array
  std::size_t index = 0;

  /// "report.json: members[3].gold.value".
  [[nodiscard]] std::string text() const;
};

/// One object, read key by key. A class T is read by its overload of
/// `void describe(const JsonFields&, T&)`, which names its keys.
class JsonFields {
 public:
  /// Throws Error unless `object` is one.
  JsonFields(const Json& object, const JsonPlace& place);

  /// The key must be there. A std::optional may be null, other types not.
  template <class T>
  void operator()(std::string_view key, T& value) const;

  /// Leaves `value` as it is if the key is missing or null.
  template <class T>
  void if_present(std::string_view key, T& value) const;

  /// Every key with its value, in order.
  template <class T>
  void all(std::vector<Named<T>>& entries) const;

 private:
  const Json& object_;
  const JsonPlace& place_;
};

/// Throws Error: "PLACE: expected EXPECTED".
[[noreturn]] void fail_at(const JsonPlace& place, std::string_view expected);

void read_value(const Json& json, const JsonPlace& place, double& value);
void read_value(const Json& json, const JsonPlace& place, bool& value);
void read_value(const Json& json, const JsonPlace& place, Count& value);
void read_value(const Json& json, const JsonPlace& place, std::size_t& value);
void read_value(const Json& json, const JsonPlace& place, std::string& value);

template <class T>
void read_value(const Json& json, const JsonPlace& place, std::optional<T>& value);
template <class T>
void read_value(const Json& json, const JsonPlace& place, std::vector<T>& values);
template <class T>
void read_value(const Json& json, const JsonPlace& place, T& value);

template <class T>
void read_value(const Json& json, const JsonPlace& place, std::optional<T>& value) {
  if (!json.is_null()) {
    read_value(json, place, value.emplace());
  }
}

template <class T>
void read_value(const Json& json, const JsonPlace& place, std::vector<T>& values) {
  if (!json.is_array()) {
    fail_at(place, "an array");
  }
  values.reserve(json.size());
  for (std::size_t i = 0; i < json.size(); ++i) {
    read_value(json[i], JsonPlace{&place, {}, i}, values.emplace_back());
  }
}

template <class T>
void read_value(const Json& json, const JsonPlace& place, T& value) {
  describe(JsonFields{json, place}, value);
}

template <class T>
void JsonFields::operator()(std::string_view key, T& value) const {
  const JsonPlace place{&place_, key};
  const auto found = object_.find(key);
  if (found == object_.end()) {
    fail("{}: is missing", place.text());
  }
  read_value(*found, place, value);
}

template <class T>
void JsonFields::if_present(std::string_view key, T& value) const {
  const auto found = object_.find(key);
  if (found != object_.end() && !found->is_null()) {
    read_value(*found, JsonPlace{&place_, key}, value);
  }
}

template <class T>
void JsonFields::all(std::vector<Named<T>>& entries) const {
  for (const auto& [key, json] : object_.items()) {
    entries.push_back({key, {}});
    read_value(json, JsonPlace{&place_, key}, entries.back().value);
  }
}

}  // namespace kith::report
