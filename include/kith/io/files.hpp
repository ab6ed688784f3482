/// Small files as a whole, and the room that large ones need.
#pragma once

#include <string>
#include <string_view>

#include "kith/core/types.hpp"

namespace kith::io {

/// The name of PATH while it is written. It says whose it is: what has such a name may be replaced.
[[nodiscard]] std::string part_path(const std::string& path);

/// Throws Error if something of that name is there already, or if its directory is not: a file that
/// the user names is never written over.
void require_new_file(const std::string& path);

/// Writes part_path(PATH), flushes it to disk, renames it to PATH and flushes the directory: after
/// a kill or a power loss PATH holds the old text or the new one. Throws Error ("PATH: No space
/// left on device"); the old file is intact then.
void write_file_atomically(const std::string& path, std::string_view text);

/// Throws Error if the file cannot be read.
[[nodiscard]] std::string read_file(const std::string& path);

/// What the file system of `directory` has left for this user. Throws Error.
[[nodiscard]] Count free_bytes(const std::string& directory);

/// Throws Error if the file system of `directory` has less than `bytes` free, or if a file of this
/// process may not grow so large. what: names the need in the sentence ("the kNN graph").
void require_free_space(const std::string& directory, Count bytes, std::string_view what);

/// "1.5 GiB".
[[nodiscard]] std::string format_bytes(Count bytes);

/// A write beyond the process's file size limit returns EFBIG afterwards and does not kill it.
void ignore_file_size_signal();

/// Renames a finished, closed file and flushes it and its directory to disk. Throws Error.
void publish_file(const std::string& temporary_path, const std::string& path);

}  // namespace kith::io
