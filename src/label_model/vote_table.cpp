#include "kith/label_model/vote_table.hpp"

#include <algorithm>
#include <numeric>

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/core/error.hpp"
#include "kith/core/random.hpp"

namespace kith::label_model {
namespace {

/// A row as numbers: its known class, its gold class, and voter and label of each vote.
using Key = std::span<const std::int32_t>;

constexpr std::size_t kNumbersBeforeVotes = 2;

std::uint64_t hash_key(Key key) {
  return hash_bytes(key.data(), key.size_bytes()).low;
}

/// In the order of their votes, then of the known and the gold class.
bool is_before(Key a, Key b) {
  const Key votes_a = a.subspan(kNumbersBeforeVotes);
  const Key votes_b = b.subspan(kNumbersBeforeVotes);
  const auto order = std::lexicographical_compare_three_way(votes_a.begin(), votes_a.end(),
                                                            votes_b.begin(), votes_b.end());
  return order != 0 ? order < 0
                    : std::lexicographical_compare(a.begin(), a.begin() + kNumbersBeforeVotes,
                                                   b.begin(), b.begin() + kNumbersBeforeVotes);
}

[[noreturn]] void fail_too_many() {
  fail("the items have too many different rows of votes: together they hold more than {} numbers",
       kMaxNumbers);
}

/// Distinct keys with their counts, in the order of first sight: open addressing, half full at
/// most.
class KeyMap {
 public:
  KeyMap() : slots_(kFirstSlots, 0) {}

  void add(Key key, Count count) {
    const std::uint64_t hash = hash_key(key);
    const std::size_t slot = find(key, hash);
    if (slots_[slot] != 0) {
      counts_[slots_[slot] - 1] += count;
      return;
    }
    numbers_.insert(numbers_.end(), key.begin(), key.end());
    offsets_.push_back(numbers_.size());
    counts_.push_back(count);
    hashes_.push_back(hash);
    slots_[slot] = counts_.size();
    if (2 * counts_.size() > slots_.size()) {
      grow();
    }
  }
  [[nodiscard]] Key at(std::size_t index) const {
    return std::span{numbers_}.subspan(offsets_[index], offsets_[index + 1] - offsets_[index]);
  }
  [[nodiscard]] std::size_t size() const { return counts_.size(); }
  [[nodiscard]] Count num_numbers() const { return count_of(numbers_) + count_of(counts_); }
  [[nodiscard]] Count count(std::size_t index) const { return counts_[index]; }
  [[nodiscard]] std::uint64_t hash(std::size_t index) const { return hashes_[index]; }

 private:
  static constexpr std::size_t kFirstSlots = 1024;

  [[nodiscard]] std::size_t find(Key key, std::uint64_t hash) const {
    std::size_t slot = hash & (slots_.size() - 1);
    while (slots_[slot] != 0) {
      const std::size_t index = slots_[slot] - 1;
      if (hashes_[index] == hash &&
          std::equal(key.begin(), key.end(), at(index).begin(), at(index).end())) {
        break;
      }
      slot = (slot + 1) & (slots_.size() - 1);
    }
    return slot;
  }
  void grow() {
    slots_.assign(2 * slots_.size(), 0);
    for (std::size_t index = 0; index < counts_.size(); ++index) {
      std::size_t slot = hashes_[index] & (slots_.size() - 1);
      while (slots_[slot] != 0) {
        slot = (slot + 1) & (slots_.size() - 1);
      }
      slots_[slot] = index + 1;
    }
  }

  std::vector<std::size_t> slots_;  // index + 1, 0 = free
  std::vector<std::int32_t> numbers_;
  std::vector<std::size_t> offsets_{0};
  std::vector<Count> counts_;
  std::vector<std::uint64_t> hashes_;
};

/// Keys as they travel.
struct FlatKeys {
  std::vector<std::int32_t> numbers;
  std::vector<std::int32_t> lengths;
  std::vector<Count> counts;

  void append(const KeyMap& map, std::size_t index) {
    const Key key = map.at(index);
    numbers.insert(numbers.end(), key.begin(), key.end());
    lengths.push_back(narrow<std::int32_t>(count_of(key), "votes of an item"));
    counts.push_back(map.count(index));
  }
  /// Calls take(key, count) for each key.
  template <class Take>
  void for_each(Take&& take) const {
    std::size_t first = 0;
    for (std::size_t i = 0; i < counts.size(); ++i) {
      take(std::span{numbers}.subspan(first, to_size(lengths[i])), counts[i]);
      first += to_size(lengths[i]);
    }
  }
};

/// Collective. Each key's counts summed at the rank that its hash names.
KeyMap merge_by_hash(const comm::Communicator& comm, const KeyMap& mine) {
  const auto owner = [&](std::size_t index) {
    return (mine.hash(index) >> 32U) % static_cast<std::uint64_t>(comm.size());
  };
  std::vector<std::size_t> order(mine.size());
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return owner(a) < owner(b); });
  FlatKeys sent;
  std::vector<Count> num_keys(to_size(comm.size()), 0);
  std::vector<Count> num_numbers(to_size(comm.size()), 0);
  for (const std::size_t index : order) {
    sent.append(mine, index);
    ++num_keys[owner(index)];
    num_numbers[owner(index)] += count_of(mine.at(index));
  }
  const FlatKeys received{comm::exchange<std::int32_t>(comm, sent.numbers, num_numbers).items,
                          comm::exchange<std::int32_t>(comm, sent.lengths, num_keys).items,
                          comm::exchange<Count>(comm, sent.counts, num_keys).items};
  KeyMap merged;
  received.for_each([&](Key key, Count count) { merged.add(key, count); });
  return merged;
}

/// A table of distinct keys.
VoteTable table_of(int num_voters, int num_classes, std::span<const Key> keys,
                   std::span<const Count> counts) {
  std::vector<std::size_t> order(keys.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return is_before(keys[a], keys[b]); });
  VoteTable table;
  table.num_voters = num_voters;
  table.num_classes = num_classes;
  for (const std::size_t index : order) {
    const Key key = keys[index];
    table.known.push_back(key[0]);
    table.gold.push_back(key[1]);
    for (std::size_t i = kNumbersBeforeVotes; i < key.size(); i += 2) {
      table.votes.push_back({key[i], key[i + 1]});
    }
    table.offsets.push_back(table.votes.size());
    table.counts.push_back(counts[index]);
  }
  return table;
}

}  // namespace

Count VoteTable::num_items() const {
  return std::accumulate(counts.begin(), counts.end(), Count{0});
}

struct VoteTableBuilder::Rows {
  int num_voters = 0;
  int num_classes = 0;
  KeyMap keys;
  std::vector<std::int32_t> key;  // of the item that is added
};

VoteTableBuilder::VoteTableBuilder(int num_voters, int num_classes)
    : rows_{std::make_unique<Rows>(Rows{num_voters, num_classes, {}, {}})} {
}
VoteTableBuilder::~VoteTableBuilder() = default;
VoteTableBuilder::VoteTableBuilder(VoteTableBuilder&& other) noexcept = default;
VoteTableBuilder& VoteTableBuilder::operator=(VoteTableBuilder&& other) noexcept = default;

void VoteTableBuilder::add(std::span<const Vote> votes, std::int32_t known, std::int32_t gold) {
  std::vector<std::int32_t>& key = rows_->key;
  key.assign({known, gold});
  for (const Vote& vote : votes) {
    key.insert(key.end(), {vote.voter, vote.label});
  }
  rows_->keys.add(key, 1);
  if (rows_->keys.num_numbers() > kMaxNumbers) {
    fail_too_many();
  }
}

VoteTable VoteTableBuilder::build(const comm::Communicator& comm) const {
  const KeyMap merged = merge_by_hash(comm, rows_->keys);
  const Count numbers = comm::sum_over_ranks(comm, merged.num_numbers());
  comm::locally(comm, [&] {
    if (numbers > kMaxNumbers) {
      fail_too_many();
    }
  });
  FlatKeys mine;
  for (std::size_t index = 0; index < merged.size(); ++index) {
    mine.append(merged, index);
  }
  const FlatKeys all{comm::gather_to_all<std::int32_t>(comm, mine.numbers).items,
                     comm::gather_to_all<std::int32_t>(comm, mine.lengths).items,
                     comm::gather_to_all<Count>(comm, mine.counts).items};
  std::vector<Key> keys;
  all.for_each([&](Key key, Count) { keys.push_back(key); });
  return table_of(rows_->num_voters, rows_->num_classes, keys, all.counts);
}

VoteTable make_vote_table(int num_voters, int num_classes, std::span<const VoteRow> rows) {
  KeyMap map;
  std::vector<std::int32_t> numbers;
  for (const VoteRow& row : rows) {
    numbers.assign({row.known, row.gold});
    for (const Vote& vote : row.votes) {
      numbers.insert(numbers.end(), {vote.voter, vote.label});
    }
    map.add(numbers, 1);
  }
  std::vector<Key> keys;
  std::vector<Count> counts;
  for (std::size_t index = 0; index < map.size(); ++index) {
    keys.push_back(map.at(index));
    counts.push_back(map.count(index));
  }
  return table_of(num_voters, num_classes, keys, counts);
}

}  // namespace kith::label_model
