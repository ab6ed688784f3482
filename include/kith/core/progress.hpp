/// How far a long stage is: a bar on a terminal, one key=value line every 30 s in a batch log.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "kith/core/types.hpp"

namespace kith {

/// Progress of one stage as seen by the speaking rank. Silent on the others. Not thread-safe: one
/// thread advances it. Does not communicate: ranks have equal shares of work, and the speaker's
/// share stands for all.
class Progress {
 public:
  /// total: units of work of this rank; unit: what one is called, plural ("items", "sweeps").
  Progress(std::string_view stage, Count total, std::string_view unit);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Sets the units done so far; note: more key=value pairs for the line.
  void update(Count done, std::string_view note = "");
  void advance(Count units) { update(done_ + units); }

 private:
  using Clock = std::chrono::steady_clock;
  void draw(double elapsed_s, std::string_view note);

  std::string stage_;
  std::string unit_;
  Count total_;
  Count done_ = 0;
  Clock::time_point start_;
  double next_draw_s_;
  bool is_terminal_;
  bool has_drawn_ = false;
};

}  // namespace kith
