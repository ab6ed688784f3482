#include "run/run_directory.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <optional>
#include <system_error>
#include <thread>

#include "kith/comm/agree.hpp"
#include "kith/core/error.hpp"

#include "run/manifest.hpp"
#include "run/run_files.hpp"

namespace kith::run {
namespace {

namespace fs = std::filesystem;

/// Held until the process ends, however it ends.
void lock_directory(const std::string& directory) {
  const std::string path = (fs::path{directory} / "lock").string();
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0666);  // NOLINT
  if (file < 0) {
    fail("{}: {}", path, std::generic_category().message(errno));
  }
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  constexpr int kMostTries = 50;
  for (int tries = 0; ::fcntl(file, F_SETLK, &lock) != 0; ++tries) {
    if (errno != EACCES && errno != EAGAIN && errno != EINTR) {
      return;  // this file system has no locks
    }
    if (tries == kMostTries) {
      fail("{}: another kith is at work there", directory);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{200});  // the one before may be ending
  }
}

/// Rank 0. The lock is an empty file, and nobody else's.
void refuse_lock_of_others(const std::string& directory) {
  const fs::path path = fs::path{directory} / "lock";
  std::error_code unknown;
  const bool is_there = fs::exists(fs::symlink_status(path, unknown));
  if (is_there && (!fs::is_regular_file(path, unknown) || fs::file_size(path, unknown) != 0)) {
    fail("{}: kith keeps a lock of this name, but this is none: move it away", path.string());
  }
}

}  // namespace

std::string manifest_path(const std::string& directory) {
  return (fs::path{directory} / kManifestFile).string();
}

std::set<std::string> begun_stages(const io::Json& manifest) {
  std::set<std::string> begun;
  for (const io::Json& name : manifest.value("begun", io::Json::array())) {
    begun.insert(name.get<std::string>());
  }
  const io::Json recorded = manifest.value("stages", io::Json::object());
  for (const auto& [name, line] : recorded.items()) {
    begun.insert(name);
  }
  return begun;
}

io::Json look_into(const StageList& stages, const std::string& directory) {
  if (directory.empty()) {
    fail("run.directory is not set: where should the results go?");
  }
  std::error_code unknown;
  const fs::file_status state = fs::status(directory, unknown);
  if (fs::exists(state) && !fs::is_directory(state)) {
    fail("run.directory = {}: is there, but is no directory: set another one", directory);
  }
  if (!fs::exists(state) && fs::is_symlink(fs::symlink_status(directory, unknown))) {
    fail("run.directory = {}: is a link to {}, which is not there", directory,
         fs::read_symlink(directory, unknown).string());
  }
  const std::string path = manifest_path(directory);
  io::Json manifest;
  if (fs::exists(fs::symlink_status(path, unknown))) {
    manifest = read_manifest(path);
  }
  refuse_lock_of_others(directory);
  refuse_files_of_others(stages, directory,
                         manifest.is_null() ? std::set<std::string>{} : begun_stages(manifest));
  return manifest;
}

io::Json prepare_directory(const StageList& stages, const std::string& directory) {
  (void)look_into(stages, directory);
  std::error_code status;
  fs::create_directories(directory, status);
  if (status) {
    fail("{}: cannot be created: {}", directory, status.message());
  }
  lock_directory(directory);
  io::Json manifest = look_into(stages, directory);  // another run may have ended meanwhile
  remove_partial_files(stages, directory);
  return manifest;
}

void require_own_directory(const comm::Communicator& comm, const StageList& stages,
                           const std::string& directory) {
  comm::on_root(comm, [&] { (void)look_into(stages, directory); });
}

}  // namespace kith::run
