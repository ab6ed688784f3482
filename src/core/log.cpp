#include "kith/core/log.hpp"

#include <cstdio>

#include "kith/core/pause.hpp"

namespace kith::log {
namespace {

bool speaker = false;

}  // namespace

void set_speaker(bool speaks) {
  speaker = speaks;
}

bool is_speaker() {
  return speaker;
}

void write(std::string_view line) {
  if (speaker) {
    fmt::print(stderr, "{}\n", line);
    pause_if_asked(line);
  }
}

void error(std::string_view message) {
  fmt::print(stderr, "kith: {}\n", message);
}

}  // namespace kith::log
