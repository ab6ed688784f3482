/// Provoking errors, and reading what they say.
#pragma once

#include <sys/resource.h>

#include <exception>
#include <string>
#include <utility>

#include "kith/core/types.hpp"

namespace kith::test {

/// Files of this process may not grow beyond so many bytes while this lives.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(Count bytes) {
    getrlimit(RLIMIT_FSIZE, &before_);
    struct rlimit lower = before_;
    lower.rlim_cur = static_cast<rlim_t>(bytes);
    setrlimit(RLIMIT_FSIZE, &lower);
  }
  ~FileSizeLimit() { setrlimit(RLIMIT_FSIZE, &before_); }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  struct rlimit before_ {};
};

/// The sentence that `work` throws; empty if it does not.
template <class Work>
[[nodiscard]] std::string message_of(Work&& work) {
  try {
    std::forward<Work>(work)();
  } catch (const std::exception& error) {
    return error.what();
  }
  return {};
}

}  // namespace kith::test
