#include "kith/label_model/vote_patterns.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include "kith/comm/collectives.hpp"
#include "kith/core/parallel.hpp"

#include "label_model/row_counts.hpp"

namespace kith::label_model {
namespace {

/// This rank's rows, each thread its part; stops where there are more patterns than wanted.
RowCounts count_own(std::span<const std::int32_t> votes, int num_voters, Count max_patterns) {
  const std::size_t width = to_size(num_voters);
  const Count num_rows = count_of(votes) / num_voters;
  const Count parts = num_threads();
  std::vector<RowCounts> maps(to_size(parts), RowCounts{});
  parallel_for(parts, 1, [&](Count begin, Count end) {
    for (Count part = begin; part < end; ++part) {
      RowCounts& map = maps[to_size(part)];
      const auto last = to_size(num_rows * (part + 1) / parts);
      for (auto row = to_size(num_rows * part / parts); row < last; ++row) {
        map.add(votes.subspan(row * width, width), 1);
        if (static_cast<Count>(map.size()) > max_patterns) {
          return;
        }
      }
    }
  });
  for (std::size_t part = 1; part < maps.size(); ++part) {
    for (std::size_t index = 0;
         index < maps[part].size() && static_cast<Count>(maps[0].size()) <= max_patterns; ++index) {
      maps[0].add(maps[part].at(index), maps[part].count(index));
    }
    maps[part] = RowCounts{};
  }
  return std::move(maps[0]);
}

}  // namespace

Count PatternCounts::num_items() const {
  return std::accumulate(counts.begin(), counts.end(), Count{0});
}

std::optional<PatternCounts> try_count_patterns(const comm::Communicator& comm,
                                                std::span<const std::int32_t> votes, int num_voters,
                                                int num_classes, Count max_patterns) {
  const RowCounts mine = count_own(votes, num_voters, max_patterns);
  if (comm::any_rank(comm, static_cast<Count>(mine.size()) > max_patterns)) {
    return std::nullopt;
  }
  const RowCounts merged = merge_by_hash(comm, mine);
  if (comm::sum_over_ranks(comm, static_cast<Count>(merged.size())) > max_patterns) {
    return std::nullopt;
  }
  const RowCounts all = gather_to_all(comm, merged);
  PatternCounts result{num_voters, num_classes, {}, {}};
  const auto is_before = [](NumberRow a, NumberRow b) {
    return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end());
  };
  for (const std::size_t index : sorted(all, is_before)) {
    const NumberRow row = all.at(index);
    result.votes.insert(result.votes.end(), row.begin(), row.end());
    result.counts.push_back(all.count(index));
  }
  return result;
}

PatternCounts count_patterns(const comm::Communicator& comm, std::span<const std::int32_t> votes,
                             int num_voters, int num_classes) {
  return *try_count_patterns(comm, votes, num_voters, num_classes,
                             std::numeric_limits<Count>::max());
}

}  // namespace kith::label_model
