/// How often each distinct row of votes occurs: what every corpus statistic is computed from.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "kith/comm/communicator.hpp"
#include "kith/core/types.hpp"

namespace kith::label_model {

/// The exact histogram of vote rows, sorted by row; the same on every rank.
struct PatternCounts {
  int num_voters = 0;
  int num_classes = 0;
  std::vector<std::int32_t> votes;  // patterns x voters, -1 = abstains
  std::vector<Count> counts;        // items with this pattern

  [[nodiscard]] std::size_t size() const { return counts.size(); }
  [[nodiscard]] std::span<const std::int32_t> pattern(std::size_t index) const {
    return std::span{votes}.subspan(index * to_size(num_voters), to_size(num_voters));
  }
  [[nodiscard]] Count num_items() const;
};

/// Patterns beyond which the histogram is not worth its memory on every rank: about 1 GB with 16
/// voters. Beyond it stream_agreement() computes from the rows.
inline constexpr Count kMaxPatterns = 10'000'000;

/// Collective. votes: this rank's items x num_voters, -1 = abstains. Local hash map, merged by hash
/// over ranks, then gathered. Memory grows with the number of patterns, not of items.
[[nodiscard]] PatternCounts count_patterns(const comm::Communicator& comm,
                                           std::span<const std::int32_t> votes, int num_voters,
                                           int num_classes);

/// Collective. None, on every rank, if there are more than max_patterns; memory stays within that.
[[nodiscard]] std::optional<PatternCounts> try_count_patterns(const comm::Communicator& comm,
                                                              std::span<const std::int32_t> votes,
                                                              int num_voters, int num_classes,
                                                              Count max_patterns = kMaxPatterns);

}  // namespace kith::label_model
