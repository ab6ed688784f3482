#include "label_model/row_counts.hpp"

#include <numeric>

#include "kith/comm/collectives.hpp"
#include "kith/core/error.hpp"
#include "kith/core/random.hpp"

namespace kith::label_model {
namespace {

/// Rows as they travel.
struct FlatRows {
  std::vector<std::int32_t> numbers;
  std::vector<std::int32_t> lengths;
  std::vector<Count> counts;

  void append(const RowCounts& rows, std::size_t index) {
    const NumberRow row = rows.at(index);
    numbers.insert(numbers.end(), row.begin(), row.end());
    lengths.push_back(narrow<std::int32_t>(count_of(row), "numbers of a row"));
    counts.push_back(rows.count(index));
  }
  void add_to(RowCounts& rows) const {
    std::size_t first = 0;
    for (std::size_t i = 0; i < counts.size(); ++i) {
      rows.add(std::span{numbers}.subspan(first, to_size(lengths[i])), counts[i]);
      first += to_size(lengths[i]);
    }
  }
};

}  // namespace

void RowCounts::add(NumberRow row, Count count) {
  const std::uint64_t hash = hash_bytes(row.data(), row.size_bytes()).low;
  const std::size_t slot = find(row, hash);
  if (slots_[slot] != 0) {
    counts_[slots_[slot] - 1] += count;
    return;
  }
  numbers_.insert(numbers_.end(), row.begin(), row.end());
  offsets_.push_back(numbers_.size());
  counts_.push_back(count);
  hashes_.push_back(hash);
  slots_[slot] = counts_.size();
  if (2 * counts_.size() > slots_.size()) {
    grow();
  }
}

std::size_t RowCounts::find(NumberRow row, std::uint64_t hash) const {
  std::size_t slot = hash & (slots_.size() - 1);
  while (slots_[slot] != 0) {
    const std::size_t index = slots_[slot] - 1;
    const NumberRow there = at(index);
    if (hashes_[index] == hash && std::equal(row.begin(), row.end(), there.begin(), there.end())) {
      break;
    }
    slot = (slot + 1) & (slots_.size() - 1);
  }
  return slot;
}

void RowCounts::grow() {
  slots_.assign(2 * slots_.size(), 0);
  for (std::size_t index = 0; index < hashes_.size(); ++index) {
    std::size_t slot = hashes_[index] & (slots_.size() - 1);
    while (slots_[slot] != 0) {
      slot = (slot + 1) & (slots_.size() - 1);
    }
    slots_[slot] = index + 1;
  }
}

RowCounts merge_by_hash(const comm::Communicator& comm, const RowCounts& mine) {
  const auto owner = [&](std::size_t index) {
    return (mine.hash(index) >> 32U) % static_cast<std::uint64_t>(comm.size());
  };
  std::vector<std::size_t> order(mine.size());
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return owner(a) < owner(b); });
  FlatRows sent;
  std::vector<Count> num_rows(to_size(comm.size()), 0);
  std::vector<Count> num_numbers(to_size(comm.size()), 0);
  for (const std::size_t index : order) {
    sent.append(mine, index);
    ++num_rows[owner(index)];
    num_numbers[owner(index)] += count_of(mine.at(index));
  }
  const FlatRows received{comm::exchange<std::int32_t>(comm, sent.numbers, num_numbers).items,
                          comm::exchange<std::int32_t>(comm, sent.lengths, num_rows).items,
                          comm::exchange<Count>(comm, sent.counts, num_rows).items};
  RowCounts merged;
  received.add_to(merged);
  return merged;
}

RowCounts gather_to_all(const comm::Communicator& comm, const RowCounts& mine) {
  FlatRows sent;
  for (std::size_t index = 0; index < mine.size(); ++index) {
    sent.append(mine, index);
  }
  const FlatRows received{comm::gather_to_all<std::int32_t>(comm, sent.numbers).items,
                          comm::gather_to_all<std::int32_t>(comm, sent.lengths).items,
                          comm::gather_to_all<Count>(comm, sent.counts).items};
  RowCounts all;
  received.add_to(all);
  return all;
}

}  // namespace kith::label_model
