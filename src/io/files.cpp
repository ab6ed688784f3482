#include "kith/io/files.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <limits>
#include <system_error>
#include <utility>

#include "kith/core/error.hpp"
#include "kith/core/pause.hpp"

#include "io/descriptor.hpp"

namespace kith::io {
namespace {

void write_all(const Descriptor& file, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t written = ::write(file.raw(), text.data(), text.size());
    if (written < 0 && errno != EINTR) {
      fail_errno(path);
    }
    text.remove_prefix(to_size(std::max<ssize_t>(written, 0)));
  }
}

void flush(const Descriptor& file, const std::string& path) {
  // Some file systems cannot flush a directory and say EINVAL; there is nothing more to be done
  // then.
  if (::fsync(file.raw()) != 0 && errno != EINVAL && errno != EROFS) {
    fail_errno(path);
  }
}

void flush_directory_of(const std::string& path) {
  const std::string directory = directory_of(path);
  const Descriptor opened = Descriptor::open(directory, O_RDONLY | O_DIRECTORY);
  flush(opened, directory);
}

}  // namespace

void fail_errno(const std::string& path) {
  fail("{}: {}", path, std::generic_category().message(errno));
}

Descriptor Descriptor::open(const std::string& path, int flags) {
  const int opened = ::open(path.c_str(), flags | O_CLOEXEC, 0666);
  if (opened < 0) {
    fail_errno(path);
  }
  return Descriptor{opened};
}

Descriptor::~Descriptor() {
  if (raw_ >= 0) {
    ::close(raw_);
  }
}

void Descriptor::close(const std::string& path) {
  if (::close(std::exchange(raw_, -1)) != 0 && errno != EINTR) {
    fail_errno(path);  // a network file system may tell only now that the disk is full
  }
}

std::string directory_of(const std::string& path) {
  const std::string directory = std::filesystem::path{path}.parent_path().string();
  return directory.empty() ? "." : directory;
}

Count free_bytes(const std::string& directory) {
  struct statvfs state {};
  if (::statvfs(directory.c_str(), &state) != 0) {
    fail_errno(directory);
  }
  return static_cast<Count>(state.f_bavail) * static_cast<Count>(state.f_frsize);
}

Count file_size_limit() {
  struct rlimit limit {};
  if (::getrlimit(RLIMIT_FSIZE, &limit) != 0 || !std::in_range<Count>(limit.rlim_cur)) {
    return std::numeric_limits<Count>::max();
  }
  return static_cast<Count>(limit.rlim_cur);
}

void ignore_file_size_signal() {
  std::signal(SIGXFSZ, SIG_IGN);
}

void publish_file(const std::string& temporary_path, const std::string& path) {
  flush(Descriptor::open(temporary_path, O_RDONLY), path);
  pause_if_asked("publish " + path);
  if (::rename(temporary_path.c_str(), path.c_str()) != 0) {
    fail_errno(path);
  }
  flush_directory_of(path);
}

std::string part_path(const std::string& path) {
  return path + ".kith.part";
}

void require_new_file(const std::string& path) {
  std::error_code unknown;
  if (std::filesystem::exists(std::filesystem::symlink_status(path, unknown))) {
    fail("{}: is there already: name another file, or move this one away", path);
  }
  if (!std::filesystem::is_directory(directory_of(path), unknown)) {
    fail("{}: its directory does not exist", path);
  }
}

void write_file_atomically(const std::string& path, std::string_view text) {
  ignore_file_size_signal();
  const std::string temporary_path = part_path(path);
  try {
    Descriptor file = Descriptor::open(temporary_path, O_WRONLY | O_CREAT | O_TRUNC);
    write_all(file, text, path);
    flush(file, path);
    file.close(path);
    publish_file(temporary_path, path);
  } catch (...) {
    ::unlink(temporary_path.c_str());
    throw;
  }
}

std::string read_file(const std::string& path) {
  const Descriptor file = Descriptor::open(path, O_RDONLY);
  std::string text;
  std::array<char, 1 << 16> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled next
  while (true) {
    const ssize_t got = ::read(file.raw(), buffer.data(), buffer.size());
    if (got < 0 && errno != EINTR) {
      fail_errno(path);
    }
    if (got == 0) {
      return text;
    }
    text.append(buffer.data(), to_size(std::max<ssize_t>(got, 0)));
  }
}

std::string format_bytes(Count bytes) {
  constexpr std::array units = {"KiB", "MiB", "GiB", "TiB", "PiB"};
  if (bytes < 1024) {
    return fmt::format("{} bytes", bytes);
  }
  double value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < units.size()) {
    value /= 1024;
    ++unit;
  }
  return fmt::format("{:.1f} {}", value, units[unit]);
}

void require_free_space(const std::string& directory, Count bytes, std::string_view what) {
  if (const Count free = free_bytes(directory); free < bytes) {
    fail("{}: {} needs {}, but the file system has only {} free", directory, what,
         format_bytes(bytes), format_bytes(free));
  }
  if (const Count limit = file_size_limit(); limit < bytes) {
    fail("{}: {} needs {}, but files of this process may not grow beyond {} (ulimit -f)", directory,
         what, format_bytes(bytes), format_bytes(limit));
  }
}

}  // namespace kith::io
