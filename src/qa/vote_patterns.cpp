#include "kith/qa/vote_patterns.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <unordered_map>

#include "kith/comm/collectives.hpp"
#include "kith/core/random.hpp"

namespace kith::qa {
namespace {

using Row = std::span<const std::int32_t>;

std::uint64_t hash_row(Row row) {
  return hash_bytes(row.data(), row.size_bytes()).low;
}

/// Distinct rows with their counts, in the order of first sight.
class PatternMap {
 public:
  explicit PatternMap(int num_voters) : width_{to_size(num_voters)} {}

  void add(Row row, Count count) {
    auto [first, last] = by_hash_.equal_range(hash_row(row));
    for (; first != last; ++first) {
      if (std::equal(row.begin(), row.end(), at(first->second).begin())) {
        counts_[first->second] += count;
        return;
      }
    }
    by_hash_.emplace(hash_row(row), counts_.size());
    votes_.insert(votes_.end(), row.begin(), row.end());
    counts_.push_back(count);
  }
  [[nodiscard]] Row at(std::size_t index) const {
    return std::span{votes_}.subspan(index * width_, width_);
  }
  [[nodiscard]] std::size_t size() const { return counts_.size(); }
  [[nodiscard]] Count count(std::size_t index) const { return counts_[index]; }

 private:
  std::size_t width_;
  std::vector<std::int32_t> votes_;
  std::vector<Count> counts_;
  std::unordered_multimap<std::uint64_t, std::size_t> by_hash_;
};

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
    return hash_row(mine.at(index)) % static_cast<std::uint64_t>(comm.size());
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

PatternCounts count_patterns(const comm::Communicator& comm, std::span<const std::int32_t> votes,
                             int num_voters, int num_classes) {
  PatternMap mine{num_voters};
  for (std::size_t first = 0; first < votes.size(); first += to_size(num_voters)) {
    mine.add(votes.subspan(first, to_size(num_voters)), 1);
  }
  const PatternMap merged = merge_by_hash(comm, mine, num_voters);
  std::vector<std::size_t> order(merged.size());
  std::iota(order.begin(), order.end(), 0U);
  std::vector<std::int32_t> flat;
  std::vector<Count> counts;
  flatten(merged, order, flat, counts);
  const auto all_votes = comm::gather_to_all<std::int32_t>(comm, flat).items;
  const auto all_counts = comm::gather_to_all<Count>(comm, counts).items;
  PatternMap all{num_voters};
  for (std::size_t i = 0; i < all_counts.size(); ++i) {
    all.add(std::span{all_votes}.subspan(i * to_size(num_voters), to_size(num_voters)),
            all_counts[i]);
  }
  order.resize(all.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::lexicographical_compare(all.at(a).begin(), all.at(a).end(), all.at(b).begin(),
                                        all.at(b).end());
  });
  PatternCounts result{num_voters, num_classes, {}, {}};
  flatten(all, order, result.votes, result.counts);
  return result;
}

}  // namespace kith::qa
