#include "kith/comm/collectives.hpp"

#include <algorithm>
#include <cstring>

#include "kith/core/error.hpp"

namespace kith::comm {
namespace {

// Middle-sized messages win on Open MPI's shared memory and stay far below the int limit of counts.
Count chunk_limit_bytes = Count{64} << 20;

template <class T>
T reduce_one(const Communicator& comm, T mine, MPI_Datatype type, MPI_Op op) {
  T result{};
  check(MPI_Allreduce(&mine, &result, 1, type, op, comm.raw()), "MPI_Allreduce");
  return result;
}

template <class T>
void reduce_all(const Communicator& comm, std::span<T> values, MPI_Datatype type, MPI_Op op) {
  const Count step = std::max<Count>(1, chunk_limit_bytes / static_cast<Count>(sizeof(T)));
  for (Count first = 0; first < count_of(values); first += step) {
    const auto part = static_cast<int>(std::min(step, count_of(values) - first));
    check(MPI_Allreduce(MPI_IN_PLACE, values.data() + first, part, type, op, comm.raw()),
          "MPI_Allreduce");
  }
}

/// Posts one send or receive per chunk.
template <class Post>
void post_in_chunks(Count num_bytes, std::vector<MPI_Request>& requests, Post&& post) {
  for (Count first = 0; first < num_bytes; first += chunk_limit_bytes) {
    const auto part = static_cast<int>(std::min(chunk_limit_bytes, num_bytes - first));
    MPI_Request& request = requests.emplace_back();
    check(post(first, part, &request), "MPI_Isend or MPI_Irecv");
  }
}

}  // namespace

void set_chunk_bytes(Count bytes) {
  chunk_limit_bytes = bytes;
}

Count chunk_bytes() {
  return chunk_limit_bytes;
}

void barrier(const Communicator& comm, Where where) {
  expect_same_call(comm, {"barrier", where});
  check(MPI_Barrier(comm.raw()), "MPI_Barrier");
}

Count sum_over_ranks(const Communicator& comm, Count mine, Where where) {
  expect_same_call(comm, {"sum_over_ranks", where, sizeof(mine)});
  return reduce_one(comm, mine, MPI_INT64_T, MPI_SUM);
}

Count min_over_ranks(const Communicator& comm, Count mine, Where where) {
  expect_same_call(comm, {"min_over_ranks", where, sizeof(mine)});
  return reduce_one(comm, mine, MPI_INT64_T, MPI_MIN);
}

Count max_over_ranks(const Communicator& comm, Count mine, Where where) {
  expect_same_call(comm, {"max_over_ranks", where, sizeof(mine)});
  return reduce_one(comm, mine, MPI_INT64_T, MPI_MAX);
}

double max_over_ranks(const Communicator& comm, double mine, Where where) {
  expect_same_call(comm, {"max_over_ranks", where, sizeof(mine)});
  return reduce_one(comm, mine, MPI_DOUBLE, MPI_MAX);
}

bool any_rank(const Communicator& comm, bool mine, Where where) {
  expect_same_call(comm, {"any_rank", where});
  return reduce_one(comm, Count{mine ? 1 : 0}, MPI_INT64_T, MPI_MAX) == 1;
}

void sum_over_ranks(const Communicator& comm, std::span<Count> values, Where where) {
  expect_same_call(comm, {"sum_over_ranks", where, sizeof(Count), count_of(values)});
  reduce_all(comm, values, MPI_INT64_T, MPI_SUM);
}

void max_over_ranks(const Communicator& comm, std::span<float> values, Where where) {
  expect_same_call(comm, {"max_over_ranks", where, sizeof(float), count_of(values)});
  reduce_all(comm, values, MPI_FLOAT, MPI_MAX);
}

void max_over_ranks(const Communicator& comm, std::span<double> values, Where where) {
  expect_same_call(comm, {"max_over_ranks", where, sizeof(double), count_of(values)});
  reduce_all(comm, values, MPI_DOUBLE, MPI_MAX);
}

void sum_over_ranks(const Communicator& comm, std::span<ExactSum> values, Where where) {
  std::vector<Count> limbs;
  limbs.reserve(values.size() * 3);
  for (const ExactSum& value : values) {
    const ExactSum::Limbs parts = value.limbs();
    limbs.insert(limbs.end(), parts.begin(), parts.end());
  }
  sum_over_ranks(comm, limbs, where);
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = ExactSum{{limbs[3 * i], limbs[3 * i + 1], limbs[3 * i + 2]}};
  }
}

Count sum_over_lower_ranks(const Communicator& comm, Count mine, Where where) {
  expect_same_call(comm, {"sum_over_lower_ranks", where, sizeof(mine)});
  Count before = 0;
  check(MPI_Exscan(&mine, &before, 1, MPI_INT64_T, MPI_SUM, comm.raw()), "MPI_Exscan");
  return comm.is_root() ? 0 : before;
}

void broadcast(const Communicator& comm, std::string& text, Rank root, Where where) {
  std::vector<char> bytes(text.begin(), text.end());
  broadcast(comm, bytes, root, where);
  text.assign(bytes.begin(), bytes.end());
}

namespace detail {

void broadcast_bytes(const Communicator& comm, std::span<std::byte> bytes, Rank root) {
  for (Count first = 0; first < count_of(bytes); first += chunk_limit_bytes) {
    const auto part = static_cast<int>(std::min(chunk_limit_bytes, count_of(bytes) - first));
    check(MPI_Bcast(bytes.data() + first, part, MPI_BYTE, root.value(), comm.raw()), "MPI_Bcast");
  }
}

void exchange_bytes(const Communicator& comm, const std::byte* send,
                    std::span<const Count> send_bytes, std::byte* receive,
                    std::span<const Count> receive_bytes) {
  std::vector<Count> send_first(send_bytes.size(), 0);
  std::vector<Count> receive_first(receive_bytes.size(), 0);
  std::exclusive_scan(send_bytes.begin(), send_bytes.end(), send_first.begin(), Count{0});
  std::exclusive_scan(receive_bytes.begin(), receive_bytes.end(), receive_first.begin(), Count{0});
  const auto me = to_size(comm.rank());
  if (send_bytes[me] > 0) {
    std::memcpy(receive + receive_first[me], send + send_first[me], to_size(send_bytes[me]));
  }
  std::vector<MPI_Request> requests;
  for (int distance = 1; distance < comm.size(); ++distance) {
    const int to = (comm.rank().value() + distance) % comm.size();
    const int from = (comm.rank().value() - distance + comm.size()) % comm.size();
    requests.clear();
    post_in_chunks(receive_bytes[to_size(from)], requests,
                   [&](Count first, int part, MPI_Request* request) {
                     return MPI_Irecv(receive + receive_first[to_size(from)] + first, part,
                                      MPI_BYTE, from, 0, comm.raw(), request);
                   });
    post_in_chunks(send_bytes[to_size(to)], requests,
                   [&](Count first, int part, MPI_Request* request) {
                     return MPI_Isend(send + send_first[to_size(to)] + first, part, MPI_BYTE, to, 0,
                                      comm.raw(), request);
                   });
    check(MPI_Waitall(narrow<int>(count_of(requests), "messages in flight"), requests.data(),
                      MPI_STATUSES_IGNORE),
          "MPI_Waitall");
  }
}

std::vector<Count> exchange_counts(const Communicator& comm, std::span<const Count> counts) {
  std::vector<Count> received(counts.size());
  check(MPI_Alltoall(counts.data(), 1, MPI_INT64_T, received.data(), 1, MPI_INT64_T, comm.raw()),
        "MPI_Alltoall");
  return received;
}

std::vector<Count> gather_counts(const Communicator& comm, Count mine) {
  std::vector<Count> counts(to_size(comm.size()));
  check(MPI_Allgather(&mine, 1, MPI_INT64_T, counts.data(), 1, MPI_INT64_T, comm.raw()),
        "MPI_Allgather");
  return counts;
}

// The whole is filled chunk by chunk, so that neither counts nor displacements pass the int limit.
void gather_bytes(const Communicator& comm, std::span<const std::byte> mine,
                  std::span<const Count> rank_bytes, std::byte* all) {
  std::vector<Count> rank_end(rank_bytes.size());
  std::inclusive_scan(rank_bytes.begin(), rank_bytes.end(), rank_end.begin());
  std::vector<int> counts(rank_bytes.size());
  std::vector<int> displacements(rank_bytes.size());
  const auto me = to_size(comm.rank());
  const std::byte* next = mine.data();
  for (Count begin = 0; begin < rank_end.back(); begin += chunk_limit_bytes) {
    const Count end = begin + chunk_limit_bytes;
    for (std::size_t rank = 0; rank < rank_bytes.size(); ++rank) {
      const Count rank_begin = std::clamp(rank_end[rank] - rank_bytes[rank], begin, end);
      displacements[rank] = static_cast<int>(rank_begin - begin);
      counts[rank] = static_cast<int>(std::clamp(rank_end[rank], begin, end) - rank_begin);
    }
    check(MPI_Allgatherv(next, counts[me], MPI_BYTE, all + begin, counts.data(),
                         displacements.data(), MPI_BYTE, comm.raw()),
          "MPI_Allgatherv");
    next += counts[me];
  }
}

}  // namespace detail
}  // namespace kith::comm
