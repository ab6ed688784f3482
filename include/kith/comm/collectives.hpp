/// 64-bit collectives: counts are Count, messages are split below what one MPI call can hold.
///
/// Every function here is collective. where: the caller's place, for same_call.hpp.
#pragma once

#include <cstddef>
#include <numeric>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "kith/comm/communicator.hpp"
#include "kith/comm/same_call.hpp"
#include "kith/core/exact_sum.hpp"
#include "kith/core/types.hpp"
#include "kith/core/where.hpp"

namespace kith::comm {

/// The most bytes given to one MPI call; tests lower it so that splitting runs on small data.
void set_chunk_bytes(Count bytes);
[[nodiscard]] Count chunk_bytes();

void barrier(const Communicator& comm, Where where = Where::here());

[[nodiscard]] Count sum_over_ranks(const Communicator& comm, Count mine,
                                   Where where = Where::here());
[[nodiscard]] Count min_over_ranks(const Communicator& comm, Count mine,
                                   Where where = Where::here());
[[nodiscard]] Count max_over_ranks(const Communicator& comm, Count mine,
                                   Where where = Where::here());
[[nodiscard]] double max_over_ranks(const Communicator& comm, double mine,
                                    Where where = Where::here());
[[nodiscard]] bool any_rank(const Communicator& comm, bool mine, Where where = Where::here());

/// Element by element, in place; the same on every rank afterwards.
void sum_over_ranks(const Communicator& comm, std::span<Count> values, Where where = Where::here());
void max_over_ranks(const Communicator& comm, std::span<float> values, Where where = Where::here());
void max_over_ranks(const Communicator& comm, std::span<double> values,
                    Where where = Where::here());
void sum_over_ranks(const Communicator& comm, std::span<ExactSum> values,
                    Where where = Where::here());

/// The sum of `mine` over all lower ranks (0 on rank 0).
[[nodiscard]] Count sum_over_lower_ranks(const Communicator& comm, Count mine,
                                         Where where = Where::here());

/// What the functions below are made of. Calls are not compared here.
namespace detail {
void broadcast_bytes(const Communicator& comm, std::span<std::byte> bytes, Rank root);
/// Pairwise, non-blocking, in rank order of distance; counts in bytes, buffers packed by rank.
void exchange_bytes(const Communicator& comm, const std::byte* send,
                    std::span<const Count> send_bytes, std::byte* receive,
                    std::span<const Count> receive_bytes);
[[nodiscard]] std::vector<Count> exchange_counts(const Communicator& comm,
                                                 std::span<const Count> counts);
[[nodiscard]] std::vector<Count> gather_counts(const Communicator& comm, Count mine);
/// rank_bytes: how many bytes each rank has; all: room for all of them, in rank order.
void gather_bytes(const Communicator& comm, std::span<const std::byte> mine,
                  std::span<const Count> rank_bytes, std::byte* all);
/// Counts of elements of T as counts of bytes.
template <class T>
[[nodiscard]] std::vector<Count> in_bytes(std::span<const Count> counts) {
  std::vector<Count> bytes(counts.begin(), counts.end());
  for (Count& count : bytes) {
    count *= static_cast<Count>(sizeof(T));
  }
  return bytes;
}
}  // namespace detail

/// Resizes `items` on the other ranks and fills them with root's.
template <class T>
void broadcast(const Communicator& comm, std::vector<T>& items, Rank root = Rank{0},
               Where where = Where::here()) {
  static_assert(std::is_trivially_copyable_v<T>);
  expect_same_call(comm, {"broadcast", where, sizeof(T)});
  std::vector<Count> size{count_of(items)};
  detail::broadcast_bytes(comm, std::as_writable_bytes(std::span{size}), root);
  items.resize(to_size(size[0]));
  detail::broadcast_bytes(comm, std::as_writable_bytes(std::span{items}), root);
}
void broadcast(const Communicator& comm, std::string& text, Rank root = Rank{0},
               Where where = Where::here());

/// What came from each rank: rank r's items are items[offsets[r] .. offsets[r+1]).
template <class T>
struct Received {
  std::vector<T> items;
  std::vector<Count> offsets;

  [[nodiscard]] std::span<const T> from(Rank source) const {
    const auto first = to_size(offsets[to_size(source)]);
    return std::span{items}.subspan(first, to_size(offsets[to_size(source) + 1]) - first);
  }
};

/// Sends items[0..counts[0]) to rank 0, the next counts[1] to rank 1, and so on.
template <class T>
[[nodiscard]] Received<T> exchange(const Communicator& comm, std::span<const T> items,
                                   std::span<const Count> counts, Where where = Where::here()) {
  static_assert(std::is_trivially_copyable_v<T>);
  expect_same_call(comm, {"exchange", where, sizeof(T)});
  const std::vector<Count> received = detail::exchange_counts(comm, counts);
  Received<T> result;
  result.offsets.assign(to_size(comm.size()) + 1, 0);
  std::inclusive_scan(received.begin(), received.end(), result.offsets.begin() + 1);
  result.items.resize(to_size(result.offsets.back()));
  detail::exchange_bytes(comm, std::as_bytes(items).data(), detail::in_bytes<T>(counts),
                         std::as_writable_bytes(std::span{result.items}).data(),
                         detail::in_bytes<T>(received));
  return result;
}

/// Sorts items by destination (stable) and exchanges them. destination: one rank an item.
template <class T>
[[nodiscard]] Received<T> exchange_to(const Communicator& comm, std::span<const T> items,
                                      std::span<const Rank> destination,
                                      Where where = Where::here()) {
  std::vector<Count> counts(to_size(comm.size()), 0);
  for (const Rank rank : destination) {
    ++counts[to_size(rank)];
  }
  std::vector<Count> next(counts.size(), 0);
  std::exclusive_scan(counts.begin(), counts.end(), next.begin(), Count{0});
  std::vector<T> packed(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    packed[to_size(next[to_size(destination[i])]++)] = items[i];
  }
  return exchange<T>(comm, packed, counts, where);
}

/// Every rank gets every rank's items, in rank order: an allgather of the counts, then one of the
/// items (one for each chunk of the whole, if that is larger).
template <class T>
[[nodiscard]] Received<T> gather_to_all(const Communicator& comm, std::span<const T> mine,
                                        Where where = Where::here()) {
  static_assert(std::is_trivially_copyable_v<T>);
  expect_same_call(comm, {"gather_to_all", where, sizeof(T)});
  const std::vector<Count> counts = detail::gather_counts(comm, count_of(mine));
  Received<T> result;
  result.offsets.assign(counts.size() + 1, 0);
  std::inclusive_scan(counts.begin(), counts.end(), result.offsets.begin() + 1);
  result.items.resize(to_size(result.offsets.back()));
  detail::gather_bytes(comm, std::as_bytes(mine), detail::in_bytes<T>(counts),
                       std::as_writable_bytes(std::span{result.items}).data());
  return result;
}

}  // namespace kith::comm
