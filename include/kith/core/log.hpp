/// One key=value line per event, on stderr, by the one rank that was told to speak.
#pragma once

#include <fmt/format.h>

#include <string_view>
#include <utility>

namespace kith::log {

/// Only the speaker writes; library code calls info() freely and stays silent elsewhere. Default:
/// silent.
void set_speaker(bool speaks);
[[nodiscard]] bool is_speaker();

/// Writes one line to stderr if this process speaks. Values are reduced over ranks before the call.
void write(std::string_view line);

/// Writes `kith: <message>` whether or not this process speaks: for the last word before exit.
void error(std::string_view message);

template <class... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
  if (is_speaker()) {
    write(fmt::format(format, std::forward<Args>(args)...));
  }
}

}  // namespace kith::log
