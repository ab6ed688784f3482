/// Files number the same names otherwise: one numbering for all of them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kith/core/types.hpp"

namespace kith::corpus {

/// Names that a file gives to its numbers 0, 1, ...; none: it names nothing.
struct NamesOfFile {
  std::string place;  // "FILE: DATASET", for sentences
  std::optional<std::vector<std::string>> names;
};

struct JoinedNames {
  std::vector<std::string> all;  // those of the first file, then what later files add
  std::vector<std::vector<std::int32_t>> numbers;  // [file][its number]: number in all; empty: same
  std::string note;                                // one sentence if files differ
};

/// A file without names takes those of the others. what: classes, voters, groups. Local; throws
/// Error if files differ and one of them has no names, or a name twice.
[[nodiscard]] JoinedNames join_names(std::span<const NamesOfFile> files, const char* what);

}  // namespace kith::corpus
