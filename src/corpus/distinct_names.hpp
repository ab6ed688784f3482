/// The names that a column of strings holds.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "kith/comm/communicator.hpp"
#include "kith/corpus/corpus.hpp"

namespace kith::corpus {

/// Collective. The distinct strings of these columns over all rows, sorted by their bytes; the same
/// on every rank. The empty string, which means none, is left out. Names meet on the rank that
/// their hash names, so that a rank holds its own names and a share of all, and in the end all.
/// Throws CollectiveError if they are more than `most`.
[[nodiscard]] std::vector<std::string> distinct_names(const comm::Communicator& comm,
                                                      const Corpus& corpus,
                                                      std::span<const std::string> datasets,
                                                      Count most);

}  // namespace kith::corpus
