/// Numbers that come from outside: finite, and in a range that help and sentences show.
#pragma once

#include <charconv>
#include <cmath>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kith/core/error.hpp"

namespace kith {

/// All numbers from low to high, and 0 beside them if it has a meaning of its own.
template <class Number>
struct NumberRange {
  Number low;
  Number high;
  bool or_zero = false;

  /// False for NaN.
  [[nodiscard]] bool contains(Number value) const {
    return (value >= low && value <= high) || (or_zero && value == 0);
  }
  /// "1e-06..1000000", "0 or 1e-06..1000000".
  [[nodiscard]] std::string text() const {
    return fmt::format("{}{}..{}", or_zero ? "0 or " : "", low, high);
  }
};

/// The number that all of the text is; none if it is none, infinite, NaN or too large for its type.
template <class Number>
[[nodiscard]] std::optional<Number> parse_number(std::string_view text) {
  Number value{};
  const char* end = text.data() + text.size();
  const auto [rest, status] = std::from_chars(text.data(), end, value);
  if (status != std::errc{} || rest != end || text.empty()) {
    return std::nullopt;
  }
  if constexpr (std::floating_point<Number>) {
    if (!std::isfinite(value)) {
      return std::nullopt;
    }
  }
  return value;
}

/// The parts of "0.2, 0.8" or "0.2 0.8", each a number in the range; none if any is not, or if one
/// is missing before or after a comma.
[[nodiscard]] std::optional<std::vector<double>> parse_numbers(std::string_view text,
                                                               const NumberRange<double>& range);

}  // namespace kith
