#include "kith/core/stop.hpp"

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <ctime>
#include <string_view>
#include <tuple>

namespace kith {
namespace {

constexpr unsigned kGrace_s = 25;  // batch systems kill 30 s after SIGTERM
constexpr double kSameSignal_s = 1.0;

std::atomic<bool> asked{false};
std::atomic<double> first_s{0};
static_assert(std::atomic<bool>::is_always_lock_free);
static_assert(std::atomic<double>::is_always_lock_free);

double now_s() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

void say(std::string_view text) {
  std::ignore = ::write(STDERR_FILENO, text.data(), text.size());
}

extern "C" void on_stop(int number) {
  if (!asked.exchange(true)) {
    first_s = now_s();
    ::alarm(kGrace_s);
  } else if (number == SIGTERM && now_s() - first_s > kSameSignal_s) {
    std::signal(number, SIG_DFL);
    std::raise(number);
  }
}

extern "C" void on_alarm(int /*number*/) {
  say("kith: stopped in the middle of a unit of work, which took too long to wait for\n");
  ::_exit(kStoppedStatus);
}

void handle(int number, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(number, &action, nullptr);
}

}  // namespace

void listen_for_stop() {
  handle(SIGTERM, on_stop);
  handle(SIGUSR1, on_stop);
  handle(SIGALRM, on_alarm);
}

void ignore_stop() {
  handle(SIGTERM, SIG_IGN);
  handle(SIGUSR1, SIG_IGN);
}

bool stop_was_asked() {
  return asked;
}

void ask_to_stop() {
  asked = true;
}

void forget_stop() {
  ::alarm(0);
  asked = false;
}

}  // namespace kith
