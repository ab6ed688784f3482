/// A POSIX file descriptor, and what the system says of files.
#pragma once

#include <string>
#include <utility>

#include "kith/core/types.hpp"

namespace kith::io {

/// Owns a file descriptor. Move-only.
class Descriptor {
 public:
  /// Throws Error "PATH: No such file or directory".
  static Descriptor open(const std::string& path, int flags);
  Descriptor() = default;
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept : raw_{std::exchange(other.raw_, -1)} {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(raw_, other.raw_);
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  [[nodiscard]] int raw() const { return raw_; }
  /// Throws Error if the last bytes could not be written.
  void close(const std::string& path);

 private:
  explicit Descriptor(int raw) : raw_{raw} {}
  int raw_ = -1;
};

/// Throws Error "PATH: text of errno".
[[noreturn]] void fail_errno(const std::string& path);

/// "." for a name without directory.
[[nodiscard]] std::string directory_of(const std::string& path);

/// RLIMIT_FSIZE; the largest Count if there is none.
[[nodiscard]] Count file_size_limit();

}  // namespace kith::io
