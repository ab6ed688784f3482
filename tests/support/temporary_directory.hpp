/// A directory that all ranks share for the length of a test.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <string>

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/core/error.hpp"

namespace kith::test {

class TemporaryDirectory {
 public:
  /// Collective.
  explicit TemporaryDirectory(const comm::Communicator& comm) : comm_{&comm} {
    comm::on_root(comm, [&] {
      path_ = (std::filesystem::temp_directory_path() / "kith.XXXXXX").string();
      if (mkdtemp(path_.data()) == nullptr) {
        fail("{}: cannot be made", path_);
      }
    });
    comm::broadcast(comm, path_);
  }
  /// Collective.
  ~TemporaryDirectory() {
    comm::barrier(*comm_);
    if (comm_->is_root()) {
      std::error_code ignored;
      std::filesystem::remove_all(path_, ignored);
    }
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  [[nodiscard]] std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  const comm::Communicator* comm_;
  std::string path_;
};

}  // namespace kith::test
