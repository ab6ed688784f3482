#include "kith/core/class_table.hpp"

#include <algorithm>
#include <charconv>

#include "kith/core/error.hpp"
#include "kith/core/quote.hpp"

namespace kith {
namespace {

constexpr Count kAmbiguous = -1;

std::string without_spaces(std::string_view text) {
  const std::size_t first = std::min(text.find_first_not_of(" \t"), text.size());
  return std::string{text.substr(first, text.find_last_not_of(" \t") + 1 - first)};
}

}  // namespace

std::optional<Count> whole_number(std::string_view text) {
  if (const std::size_t point = text.find('.'); point != std::string_view::npos && point > 0) {
    if (text.find_first_not_of('0', point + 1) == std::string_view::npos) {
      text = text.substr(0, point);
    }
  }
  Count value{};
  const char* end = text.data() + text.size();
  const auto [rest, status] = std::from_chars(text.data(), end, value);
  return status == std::errc{} && rest == end ? std::optional{value} : std::nullopt;
}

ClassTable::ClassTable(std::span<const std::string> names) : num_classes_{count_of(names)} {
  for (Count i = 0; i < num_classes_; ++i) {
    const std::string& name = names[to_size(i)];
    const std::string short_name = without_spaces(name);
    numbers_.emplace(name, i);
    const auto [known, is_new] = numbers_without_spaces_.emplace(short_name, i);
    if (!is_new || short_name.empty()) {
      known->second = kAmbiguous;
    }
    names_are_numbers_ = names_are_numbers_ || whole_number(short_name).value_or(i) != i;
  }
  const auto some = names.first(std::min<std::size_t>(names.size(), 10));
  expected_ = names.empty()
                  ? "a number, because the classes have no names"
                  : fmt::format("one of: {}{}{}", quote(fmt::format("{}", fmt::join(some, ", "))),
                                some.size() < names.size() ? ", ..." : "",
                                names_are_numbers_ ? std::string{}
                                                   : fmt::format(", or 0 to {}", num_classes_ - 1));
}

Count ClassTable::find(std::string_view text, const std::string& place) const {
  if (const auto found = numbers_.find(std::string{text}); found != numbers_.end()) {
    return found->second;
  }
  const auto found = numbers_without_spaces_.find(without_spaces(text));
  if (found != numbers_without_spaces_.end() && found->second != kAmbiguous) {
    return found->second;
  }
  const std::optional<Count> number = whole_number(text);
  if (number && !names_are_numbers_) {
    return checked(*number, place);
  }
  fail("{}: class \"{}\" is not known, expected {}", place, quote(text), expected_);
}

Count ClassTable::checked(Count number, const std::string& place) const {
  if (number < 0 || (num_classes_ > 0 && number >= num_classes_)) {
    fail("{}: label {}, expected {}", place, number,
         num_classes_ > 0 ? fmt::format("0 to {}", num_classes_ - 1) : "0 or more");
  }
  return number;
}

}  // namespace kith
