#include "kith/core/numbers.hpp"

#include <algorithm>

namespace kith {

std::optional<std::vector<double>> parse_numbers(std::string_view text,
                                                 const NumberRange<double>& range) {
  constexpr const char* kSpaces = " \t";
  std::vector<double> numbers;
  bool wants_number = false;  // after a comma
  for (std::size_t first = text.find_first_not_of(kSpaces); first != std::string_view::npos;) {
    const std::size_t last = std::min(text.find_first_of(" \t,", first), text.size());
    const auto number = parse_number<double>(text.substr(first, last - first));
    if (!number || !range.contains(*number)) {
      return std::nullopt;
    }
    numbers.push_back(*number);
    first = text.find_first_not_of(kSpaces, last);
    wants_number = first != std::string_view::npos && text[first] == ',';
    first = wants_number ? text.find_first_not_of(kSpaces, first + 1) : first;
  }
  return wants_number ? std::nullopt : std::optional{std::move(numbers)};
}

}  // namespace kith
