#include "kith/core/log.hpp"

#include <cstdio>
#include <string>

#include "kith/core/pause.hpp"
#include "kith/core/quote.hpp"

namespace kith::log {
namespace {

bool speaker = false;

/// A log that cannot be written, on a full disk say, ends no run.
void put(const std::string& line) {
  static_cast<void>(std::fwrite(line.data(), 1, line.size(), stderr));
}

}  // namespace

void set_speaker(bool speaks) {
  speaker = speaks;
}

bool is_speaker() {
  return speaker;
}

void write(std::string_view line) {
  if (speaker) {
    put(fmt::format("{}\n", line));
    pause_if_asked(line);
  }
}

void error(std::string_view message) {
  put(fmt::format("kith: {}\n", cut_words(message)));
}

}  // namespace kith::log
