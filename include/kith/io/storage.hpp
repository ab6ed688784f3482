/// Where the values of a dataset lie, and whether they are there at all: HDF5 reads fill values in
/// place of what is missing, without a word.
#pragma once

#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace kith::io {

struct Storage {
  /// Files besides its own that hold its values: sources of a virtual dataset, theirs too, and
  /// external storage.
  std::set<std::string> sources;
  /// What was never written and reads as HDF5's default, zero: "3 of 12 chunks were". None if all
  /// was written, or if the dataset has a fill value of its own, which is then meant.
  std::optional<std::string> unwritten;
};

/// How each of these datasets of a file is stored. Local. Throws Error if a source is missing, or
/// has not the dataset that is taken from it.
[[nodiscard]] std::vector<Storage> describe_storage(const std::string& path,
                                                    std::span<const std::string> datasets);

}  // namespace kith::io
