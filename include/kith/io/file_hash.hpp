/// Hashes of whole files, by all ranks together.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "kith/comm/communicator.hpp"

namespace kith::io {

struct FileHash {
  Count bytes = 0;
  std::string hash;  // 32 hexadecimal digits

  bool operator==(const FileHash&) const = default;
};

/// Collective. XXH3-128 over the hashes of each file's segments of 64 MiB, which are dealt to the
/// ranks: every byte counts, the result does not depend on ranks. Cost: all bytes are read once.
/// Throws CollectiveError if a file cannot be read.
[[nodiscard]] std::vector<FileHash> hash_files(const comm::Communicator& comm,
                                               std::span<const std::string> paths);

/// Collective. The same over at most 16 equally spaced blocks of 64 KiB of each file: tells another
/// file from this one, not every change.
[[nodiscard]] std::vector<FileHash> sample_files(const comm::Communicator& comm,
                                                 std::span<const std::string> paths);

}  // namespace kith::io
