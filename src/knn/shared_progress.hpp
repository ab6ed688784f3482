// Progress of a loop over threads.
#pragma once

#include <atomic>

#include "kith/core/parallel.hpp"
#include "kith/core/progress.hpp"

namespace kith::knn {

/// Counts what all threads have done; thread 0 shows it.
class SharedProgress {
 public:
  explicit SharedProgress(Progress& progress) : progress_{progress} {}
  ~SharedProgress() { show(); }
  SharedProgress(const SharedProgress&) = delete;
  SharedProgress& operator=(const SharedProgress&) = delete;

  /// Called inside parallel_for.
  void advance(Count units) {
    done_ += units;
    if (thread_index() == 0) {
      show();
    }
  }

 private:
  void show() {
    const Count done = done_;
    progress_.advance(done - shown_);
    shown_ = done;
  }

  Progress& progress_;
  std::atomic<Count> done_{0};
  Count shown_ = 0;
};

}  // namespace kith::knn
