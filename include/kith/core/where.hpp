/// A place in the source: std::source_location without the header, which clang-tidy 14 cannot
/// parse.
#pragma once

namespace kith {

/// As the default argument of a function's last parameter: where that function is called.
struct Where {
  const char* file;
  int line;
  static constexpr Where here(const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
    return {file, line};
  }
};

}  // namespace kith
