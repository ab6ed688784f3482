#include "kith/label_model/vote_patterns.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include "kith/comm/collectives.hpp"
#include "kith/core/parallel.hpp"
#include "kith/core/random.hpp"

namespace kith::label_model {
namespace {

using Row = std::span<const std::int32_t>;

std::uint64_t hash_row(Row row) {
  return hash_bytes(row.data(), row.size_bytes()).low;
}

/// Distinct rows with their counts, in the order of first sight: open addressing, half full at
/// most.
class PatternMap {
 public:
  explicit PatternMap(int num_voters) : width_{to_size(num_voters)}, slots_(kFirstSlots, 0) {}

  void add(Row row, Count count) {
    const std::uint64_t hash = hash_row(row);
    const std::size_t slot = find(row, hash);
    if (slots_[slot] != 0) {
      counts_[slots_[slot] - 1] += count;
      return;
    }
    votes_.insert(votes_.end(), row.begin(), row.end());
    counts_.push_back(count);
    hashes_.push_back(hash);
    slots_[slot] = counts_.size();
    if (2 * counts_.size() > slots_.size()) {
      grow();
    }
  }
  [[nodiscard]] Row at(std::size_t index) const {
    return std::span{votes_}.subspan(index * width_, width_);
  }
  [[nodiscard]] std::size_t size() const { return counts_.size(); }
  [[nodiscard]] Count count(std::size_t index) const { return counts_[index]; }
  [[nodiscard]] std::uint64_t hash(std::size_t index) const { return hashes_[index]; }

 private:
  static constexpr std::size_t kFirstSlots = 1024;

  /// The slot of this row, or the empty one where it belongs.
  [[nodiscard]] std::size_t find(Row row, std::uint64_t hash) const {
    std::size_t slot = hash & (slots_.size() - 1);
    while (slots_[slot] != 0) {
      const std::size_t index = slots_[slot] - 1;
      if (hashes_[index] == hash && std::equal(row.begin(), row.end(), at(index).begin())) {
        break;
      }
      slot = (slot + 1) & (slots_.size() - 1);
    }
    return slot;
  }
  void grow() {
    slots_.assign(2 * slots_.size(), 0);
    for (std::size_t index = 0; index < hashes_.size(); ++index) {
      std::size_t slot = hashes_[index] & (slots_.size() - 1);
      while (slots_[slot] != 0) {
        slot = (slot + 1) & (slots_.size() - 1);
      }
      slots_[slot] = index + 1;
    }
  }

  std::size_t width_;
  std::vector<std::int32_t> votes_;
  std::vector<Count> counts_;
  std::vector<std::uint64_t> hashes_;
  std::vector<std::size_t> slots_;  // index of the pattern + 1; 0 = empty
};

/// This rank's rows, each thread its part; stops where there are more patterns than wanted.
PatternMap count_own(std::span<const std::int32_t> votes, int num_voters, Count max_patterns) {
  const std::size_t width = to_size(num_voters);
  const Count num_rows = count_of(votes) / num_voters;
  const Count parts = num_threads();
  std::vector<PatternMap> maps(to_size(parts), PatternMap{num_voters});
  parallel_for(parts, 1, [&](Count begin, Count end) {
    for (Count part = begin; part < end; ++part) {
      PatternMap& map = maps[to_size(part)];
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
    maps[part] = PatternMap{num_voters};
  }
  return std::move(maps[0]);
}

/// Patterns in the order of `order`, flat.
void flatten(const PatternMap& map, std::span<const std::size_t> order,
             std::vector<std::int32_t>& votes, std::vector<Count>& counts) {
  for (const std::size_t index : order) {
    votes.insert(votes.end(), map.at(index).begin(), map.at(index).end());
    counts.push_back(map.count(index));
  }
}

/// Collective. Each pattern's counts summed at the rank that its hash names.
PatternMap merge_by_hash(const comm::Communicator& comm, const PatternMap& mine, int num_voters) {
  const auto owner = [&](std::size_t index) {
    return (mine.hash(index) >> 32U) % static_cast<std::uint64_t>(comm.size());
  };
  std::vector<std::size_t> order(mine.size());
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return owner(a) < owner(b); });
  std::vector<Count> num_counts(to_size(comm.size()), 0);
  std::vector<Count> num_votes(to_size(comm.size()), 0);
  for (const std::size_t index : order) {
    ++num_counts[owner(index)];
    num_votes[owner(index)] += num_voters;
  }
  std::vector<std::int32_t> votes;
  std::vector<Count> counts;
  flatten(mine, order, votes, counts);
  const auto merged_votes = comm::exchange<std::int32_t>(comm, votes, num_votes).items;
  const auto merged_counts = comm::exchange<Count>(comm, counts, num_counts).items;
  PatternMap merged{num_voters};
  for (std::size_t i = 0; i < merged_counts.size(); ++i) {
    merged.add(std::span{merged_votes}.subspan(i * to_size(num_voters), to_size(num_voters)),
               merged_counts[i]);
  }
  return merged;
}

}  // namespace

Count PatternCounts::num_items() const {
  return std::accumulate(counts.begin(), counts.end(), Count{0});
}

std::optional<PatternCounts> try_count_patterns(const comm::Communicator& comm,
                                                std::span<const std::int32_t> votes, int num_voters,
                                                int num_classes, Count max_patterns) {
  const PatternMap mine = count_own(votes, num_voters, max_patterns);
  if (comm::any_rank(comm, static_cast<Count>(mine.size()) > max_patterns)) {
    return std::nullopt;
  }
  const PatternMap merged = merge_by_hash(comm, mine, num_voters);
  if (comm::sum_over_ranks(comm, static_cast<Count>(merged.size())) > max_patterns) {
    return std::nullopt;
  }
  std::vector<std::size_t> order(merged.size());
  std::iota(order.begin(), order.end(), 0U);
  std::vector<std::int32_t> flat;
  std::vector<Count> counts;
  flatten(merged, order, flat, counts);
  const auto all_votes = comm::gather_to_all<std::int32_t>(comm, flat).items;
  const auto all_counts = comm::gather_to_all<Count>(comm, counts).items;
  const auto row = [&](std::size_t index) {
    return std::span{all_votes}.subspan(index * to_size(num_voters), to_size(num_voters));
  };
  order.resize(all_counts.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::lexicographical_compare(row(a).begin(), row(a).end(), row(b).begin(), row(b).end());
  });
  PatternCounts result{num_voters, num_classes, {}, {}};
  for (const std::size_t index : order) {
    result.votes.insert(result.votes.end(), row(index).begin(), row(index).end());
    result.counts.push_back(all_counts[index]);
  }
  return result;
}

PatternCounts count_patterns(const comm::Communicator& comm, std::span<const std::int32_t> votes,
                             int num_voters, int num_classes) {
  return *try_count_patterns(comm, votes, num_voters, num_classes,
                             std::numeric_limits<Count>::max());
}

}  // namespace kith::label_model
