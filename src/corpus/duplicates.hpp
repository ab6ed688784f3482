/// Equal values in rows of different ranks.
#pragma once

#include <span>
#include <vector>

#include "kith/comm/communicator.hpp"
#include "kith/core/random.hpp"
#include "kith/corpus/census.hpp"

namespace kith::corpus {

struct DuplicateGroups {
  Count num_groups = 0;
  Count num_duplicates = 0;
  Count largest_group = 1;
  GlobalId largest_group_row;
  std::vector<DuplicateItem> mine;  // of this rank's rows, by row
};

/// Collective. hashes: one a row of rows_of(this rank). Rows meet on the rank that their hash
/// names.
[[nodiscard]] DuplicateGroups find_duplicates(const comm::Communicator& comm, Count num_items,
                                              std::span<const Hash128> hashes);

/// Two rows with the same id; none if there are no such rows.
struct IdClash {
  GlobalId earlier;
  GlobalId later;
};

/// Collective. ids: hashes, one a row of rows_of(this rank). The clash whose later row is the
/// smallest, on the rank that found it; none elsewhere.
[[nodiscard]] IdClash find_id_clash(const comm::Communicator& comm, Count num_items,
                                    std::span<const Hash128> ids);

}  // namespace kith::corpus
