/// Which files the corpus is made of, and in which order.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kith/corpus/config.hpp"

namespace kith::corpus {

/// As people count: runs of digits compare as numbers, everything else byte by byte, whatever the
/// locale. A strict total order: names that differ only in leading zeros compare as bytes.
[[nodiscard]] bool counts_before(std::string_view a, std::string_view b);

/// The files of a list of paths and globs: in the order of the list, those of one glob as people
/// count, without what is no input. Local; throws Error for a pattern without a file, and for a
/// file that comes twice, under whatever name.
[[nodiscard]] std::vector<std::string> expand_files(const CorpusConfig& config);

}  // namespace kith::corpus
