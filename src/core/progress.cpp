#include "kith/core/progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "kith/core/log.hpp"

namespace kith {
namespace {

constexpr double kBarEvery_s = 0.2;
constexpr double kLineEvery_s = 30.0;
constexpr int kBarWidth = 28;

std::string human_time(double seconds) {
  const auto whole = static_cast<long>(seconds + 0.5);
  if (whole >= 3600) {
    return fmt::format("{}h{:02}m", whole / 3600, whole % 3600 / 60);
  }
  return whole >= 60 ? fmt::format("{}m{:02}s", whole / 60, whole % 60) : fmt::format("{}s", whole);
}

std::string human_rate(double rate) {
  if (rate >= 1e6) {
    return fmt::format("{:.1f}M", rate / 1e6);
  }
  return rate >= 1e4 ? fmt::format("{:.1f}k", rate / 1e3) : fmt::format("{:.1f}", rate);
}

/// Does a person watch stderr? mpirun hands its ranks a pipe: then its own stderr tells.
bool is_watched() {
  if (isatty(STDERR_FILENO) == 1) {
    return true;
  }
  if (std::getenv("OMPI_COMM_WORLD_RANK") == nullptr) {
    return false;
  }
  std::error_code ignored;
  const auto target =
      std::filesystem::read_symlink(fmt::format("/proc/{}/fd/2", getppid()), ignored).string();
  return target.starts_with("/dev/pts/") || target.starts_with("/dev/tty");
}

}  // namespace

Progress::Progress(std::string_view stage, Count total, std::string_view unit)
    : stage_{stage}, unit_{unit}, total_{total}, start_{Clock::now()}, is_terminal_{is_watched()} {
  next_draw_s_ = is_terminal_ ? kBarEvery_s : kLineEvery_s;
}

Progress::~Progress() {
  if (has_drawn_ && is_terminal_) {
    std::fputs("\r\033[K", stderr);
  }
}

void Progress::update(Count done, std::string_view note) {
  done_ = done;
  if (!log::is_speaker()) {
    return;
  }
  const double elapsed_s = std::chrono::duration<double>(Clock::now() - start_).count();
  if (elapsed_s >= next_draw_s_) {
    draw(elapsed_s, note);
    next_draw_s_ = elapsed_s + (is_terminal_ ? kBarEvery_s : kLineEvery_s);
  }
}

void Progress::draw(double elapsed_s, std::string_view note) {
  has_drawn_ = true;
  const double share =
      total_ > 0 ? std::min(1.0, static_cast<double>(done_) / static_cast<double>(total_)) : 1.0;
  const double rate = static_cast<double>(done_) / elapsed_s;
  const double left_s = rate > 0 ? static_cast<double>(total_ - done_) / rate : 0;
  if (is_terminal_) {
    const auto filled = static_cast<std::size_t>(share * kBarWidth);
    const std::string line =
        fmt::format("\r{:<10} [{}{}] {:5.1f}%  {} {}/s  {} left  {}\033[K", stage_,
                    std::string(filled, '#'), std::string(kBarWidth - filled, '.'), share * 100,
                    human_rate(rate), unit_, human_time(left_s), note);
    std::fputs(line.c_str(), stderr);  // a terminal that is gone ends no run
    std::fflush(stderr);
  } else {
    log::info(
        "stage={} done={} total={} unit={} rate_per_s={:.4g} elapsed_s={:.0f} left_s={:.0f}{}{}",
        stage_, done_, total_, unit_, rate, elapsed_s, left_s, note.empty() ? "" : " ", note);
  }
}

}  // namespace kith
