#include "kith/core/numbers.hpp"

#include <algorithm>

namespace kith {

std::optional<std::vector<double>> parse_numbers(std::string_view text,
                                                 const NumberRange<double>& range) {
  constexpr const char* kBetween = " \t,";
  std::vector<double> numbers;
  for (std::size_t first = text.find_first_not_of(kBetween); first != std::string_view::npos;) {
    const std::size_t last = std::min(text.find_first_of(kBetween, first), text.size());
    const auto number = parse_number<double>(text.substr(first, last - first));
    if (!number || !range.contains(*number)) {
      return std::nullopt;
    }
    numbers.push_back(*number);
    first = text.find_first_not_of(kBetween, last);
  }
  return numbers;
}

}  // namespace kith
