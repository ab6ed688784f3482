// Distinct rows of numbers, and how many items have each.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "kith/comm/communicator.hpp"
#include "kith/core/types.hpp"

namespace kith::label_model {

/// A row, of any length: votes, and what else tells items apart.
using NumberRow = std::span<const std::int32_t>;

/// In the order of first sight: open addressing, half full at most.
class RowCounts {
 public:
  RowCounts() : slots_(kFirstSlots, 0) {}

  void add(NumberRow row, Count count);

  [[nodiscard]] NumberRow at(std::size_t index) const {
    return std::span{numbers_}.subspan(offsets_[index], offsets_[index + 1] - offsets_[index]);
  }
  [[nodiscard]] std::size_t size() const { return counts_.size(); }
  [[nodiscard]] Count count(std::size_t index) const { return counts_[index]; }
  [[nodiscard]] std::uint64_t hash(std::size_t index) const { return hashes_[index]; }
  [[nodiscard]] Count num_numbers() const { return count_of(numbers_); }

 private:
  static constexpr std::size_t kFirstSlots = 1024;

  /// The slot of this row, or the empty one where it belongs.
  [[nodiscard]] std::size_t find(NumberRow row, std::uint64_t hash) const;
  void grow();

  std::vector<std::size_t> slots_;  // index of the row + 1; 0 = empty
  std::vector<std::int32_t> numbers_;
  std::vector<std::size_t> offsets_{0};
  std::vector<Count> counts_;
  std::vector<std::uint64_t> hashes_;
};

/// Collective. The rows of all ranks, each at the rank that its hash names.
[[nodiscard]] RowCounts merge_by_hash(const comm::Communicator& comm, const RowCounts& mine);

/// Collective. Rows that each are on one rank only, on every rank, in the order of ranks.
[[nodiscard]] RowCounts gather_to_all(const comm::Communicator& comm, const RowCounts& mine);

/// Indices of the rows in the order that `is_before` says.
template <class IsBefore>
[[nodiscard]] std::vector<std::size_t> sorted(const RowCounts& rows, IsBefore&& is_before) {
  std::vector<std::size_t> order(rows.size());
  for (std::size_t index = 0; index < order.size(); ++index) {
    order[index] = index;
  }
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return is_before(rows.at(a), rows.at(b)); });
  return order;
}

}  // namespace kith::label_model
