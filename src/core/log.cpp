#include "kith/core/log.hpp"

#include <cstdio>

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
  }
}

void error(std::string_view message) {
  fmt::print(stderr, "kith: {}\n", message);
}

}  // namespace kith::log
