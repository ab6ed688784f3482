/// When something was said: numbers, or dates of ISO 8601.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>

namespace kith::corpus {

/// A number, or seconds since 1970 in UTC: whole + billionths / 10^9.
struct Moment {
  std::int64_t whole = 0;
  std::int32_t billionths = 0;  // 0 to 10^9 - 1

  auto operator<=>(const Moment&) const = default;
};

/// A number, exact to 18 digits before and 9 behind the point; none if it is none.
[[nodiscard]] std::optional<Moment> moment_of_number(std::string_view text);
[[nodiscard]] std::optional<Moment> moment_of_number(double number);

/// YYYY-MM-DD, or with T or a space and hh:mm[:ss[.s]], then nothing (UTC), Z or an offset +hh:mm;
/// none of anything else, and of dates that no calendar has.
[[nodiscard]] std::optional<Moment> moment_of_date(std::string_view text);

}  // namespace kith::corpus
