/// Errors: one clear sentence that names the thing, the place and the expectation.
#pragma once

#include <fmt/format.h>

#include <concepts>
#include <stdexcept>
#include <string>
#include <utility>

namespace kith {

/// A local failure: bad input, disk, memory. Thrown inside comm::locally(), agreed on, thrown
/// everywhere.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Throws Error with a formatted sentence.
template <class... Args>
[[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) {
  throw Error{fmt::format(format, std::forward<Args>(args)...)};
}

/// Narrows once, at the wall, with a name for the message. Throws Error when `value` does not fit.
template <std::integral To, std::integral From>
[[nodiscard]] To narrow(From value, const char* what) {
  if (!std::in_range<To>(value)) {
    fail("{} = {} does not fit into {} bits", what, value, sizeof(To) * 8);
  }
  return static_cast<To>(value);
}

}  // namespace kith
