#include "kith/core/pause.hpp"

#include <csignal>
#include <cstdlib>

namespace kith {

void pause_if_asked(std::string_view moment) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing sets it
  static const char* asked = std::getenv("KITH_PAUSE_AT");
  if (asked != nullptr && moment.find(asked) != std::string_view::npos) {
    asked = nullptr;  // once
    std::raise(SIGSTOP);
  }
}

}  // namespace kith
