/// Columns of groups that the user gives: corpus.slices.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kith/comm/communicator.hpp"
#include "kith/corpus/corpus.hpp"

namespace kith::statistics {

/// Groups of a grouping at most; a column with more holds something else.
inline constexpr Count kMaxSlices = 10'000;

/// A column of groups: distinct numbers in order, and where each of this rank's rows belongs.
struct Grouping {
  std::string name;                   // dataset, "cells" or "classes"
  std::vector<std::int64_t> numbers;  // of the groups, ascending
  std::vector<std::string> names;     // of the groups
  std::vector<std::int32_t> of_row;   // index of the row's group, -1 = in none
};

/// Collective. The user's grouping of these rows. Throws CollectiveError for a number below -1 and
/// for more than kMaxSlices groups.
[[nodiscard]] Grouping read_grouping(const comm::Communicator& comm, const corpus::Corpus& corpus,
                                     const std::string& dataset, IdRange<GlobalId> rows);

}  // namespace kith::statistics
