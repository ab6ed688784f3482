#include "corpus/moment.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>

#include "kith/core/numbers.hpp"
#include "kith/core/types.hpp"

namespace kith::corpus {
namespace {

constexpr std::int32_t kBillion = 1'000'000'000;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Takes exactly `length` digits.
std::optional<int> take_digits(std::string_view& text, std::size_t length) {
  const std::string_view digits = text.substr(0, length);
  if (digits.size() < length || !std::all_of(digits.begin(), digits.end(), is_digit)) {
    return std::nullopt;
  }
  text.remove_prefix(length);
  return parse_number<int>(digits);
}

bool take(std::string_view& text, std::string_view any_of) {
  const bool is_there = !text.empty() && any_of.find(text.front()) != std::string_view::npos;
  text.remove_prefix(is_there ? 1 : 0);
  return is_there;
}

/// Takes the digits behind a point, at least one; those behind the ninth do not count.
std::optional<std::int32_t> take_billionths(std::string_view& text) {
  const auto length =
      static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_digit) - text.begin());
  std::int32_t value = 0;
  for (std::size_t i = 0; i < 9; ++i) {
    value = value * 10 + (i < length ? text[i] - '0' : 0);
  }
  text.remove_prefix(length);
  return length > 0 ? std::optional{value} : std::nullopt;
}

/// "hh:mm" of a time or an offset, in seconds; "hhmm" and "hh" of an offset.
std::optional<int> take_hours(std::string_view& text, bool is_offset) {
  const auto hours = take_digits(text, 2);
  if (!hours || *hours > 23) {
    return std::nullopt;
  }
  const bool has_colon = take(text, ":");
  if (!has_colon && is_offset && text.empty()) {
    return *hours * 3600;
  }
  const auto minutes = has_colon || is_offset ? take_digits(text, 2) : std::nullopt;
  return minutes && *minutes < 60 ? std::optional{*hours * 3600 + *minutes * 60} : std::nullopt;
}

/// What stands behind a date, added to it; false if it is no time.
bool add_time(std::string_view text, Moment& moment) {
  const auto time = take_hours(text, false);
  if (!time) {
    return false;
  }
  moment.whole += *time;
  if (take(text, ":")) {
    const auto seconds = take_digits(text, 2);
    if (!seconds || *seconds > 60) {  // 60: a leap second
      return false;
    }
    moment.whole += *seconds;
    if (take(text, ".,")) {
      const auto billionths = take_billionths(text);
      if (!billionths) {
        return false;
      }
      moment.billionths = *billionths;
    }
  }
  if (text.empty() || (take(text, "Zz") && text.empty())) {
    return true;
  }
  const bool is_east = text.starts_with('+');
  const auto offset = take(text, "+-") ? take_hours(text, true) : std::nullopt;
  moment.whole -= offset ? (is_east ? *offset : -*offset) : 0;
  return offset && text.empty();
}

}  // namespace

std::optional<Moment> moment_of_number(double number) {
  constexpr double kMost = 9e18;  // below 2^63
  if (!(std::abs(number) < kMost)) {
    return std::nullopt;
  }
  const double whole = std::floor(number);
  const auto billionths = static_cast<std::int32_t>((number - whole) * kBillion);
  return Moment{static_cast<std::int64_t>(whole), std::min(billionths, kBillion - 1)};
}

std::optional<Moment> moment_of_number(std::string_view text) {
  if (const auto whole = parse_number<std::int64_t>(text)) {
    return Moment{*whole, 0};
  }
  const std::size_t point = text.find('.');
  const auto whole = parse_number<std::int64_t>(text.substr(0, point));
  if (whole && point != std::string_view::npos && *whole != INT64_MIN) {
    std::string_view rest = text.substr(point + 1);
    const auto billionths = take_billionths(rest);
    if (billionths && rest.empty()) {
      const bool is_below_whole = text.starts_with('-') && *billionths > 0;
      return is_below_whole ? Moment{*whole - 1, kBillion - *billionths}
                            : Moment{*whole, *billionths};
    }
  }
  const auto number = parse_number<double>(text);  // 1.7e9
  return number ? moment_of_number(*number) : std::nullopt;
}

std::optional<Moment> moment_of_date(std::string_view text) {
  namespace chrono = std::chrono;
  const auto year = take_digits(text, 4);
  const auto month = take(text, "-") ? take_digits(text, 2) : std::nullopt;
  const auto day = take(text, "-") ? take_digits(text, 2) : std::nullopt;
  if (!year || !month || !day) {
    return std::nullopt;
  }
  const chrono::year_month_day date{chrono::year{*year},
                                    chrono::month{static_cast<unsigned>(*month)},
                                    chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok()) {
    return std::nullopt;
  }
  constexpr std::int64_t kDay = 86400;
  Moment moment{chrono::sys_days{date}.time_since_epoch().count() * kDay, 0};
  if (text.empty() || (take(text, "Tt ") && add_time(text, moment))) {
    return moment;
  }
  return std::nullopt;
}

}  // namespace kith::corpus
