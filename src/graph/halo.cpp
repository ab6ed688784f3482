#include "kith/graph/halo.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "kith/comm/collectives.hpp"
#include "kith/core/error.hpp"

namespace kith::graph {
namespace {

/// Calls post(first byte, number of bytes) for each part of a message that one MPI call may hold.
template <class Post>
void in_chunks(Count num_bytes, Post&& post) {
  for (Count first = 0; first < num_bytes; first += comm::chunk_bytes()) {
    post(first, static_cast<int>(std::min(comm::chunk_bytes(), num_bytes - first)));
  }
}

Count count_rows(std::span<const std::byte> mask) {
  Count rows = 0;
  for (const std::byte eight : mask) {
    rows += std::popcount(std::to_integer<unsigned>(eight));
  }
  return rows;
}

}  // namespace

Halo::Halo(const comm::Communicator& comm, std::span<const Position> first_of_rank,
           std::span<const Position> ghosts, Where where)
    : comm_{&comm} {
  const auto me = to_size(comm.rank());
  const Count begin = first_of_rank[me].value();
  num_owned_ = first_of_rank[me + 1].value() - begin;
  std::vector<Count> wanted(to_size(comm.size()), 0);
  std::vector<Count> first_ghost(wanted.size(), 0);
  for (std::size_t rank = 0; rank < wanted.size(); ++rank) {
    const auto first = std::lower_bound(ghosts.begin(), ghosts.end(), first_of_rank[rank]);
    const auto last = std::lower_bound(first, ghosts.end(), first_of_rank[rank + 1]);
    first_ghost[rank] = first - ghosts.begin();
    wanted[rank] = last - first;
  }
  const comm::Received<Position> asked = comm::exchange<Position>(comm, ghosts, wanted, where);
  for (int rank = 0; rank < comm.size(); ++rank) {
    const auto rows = asked.from(Rank{rank});
    if (rows.empty() && wanted[to_size(rank)] == 0) {
      continue;
    }
    Peer& peer = peers_.emplace_back();
    peer.rank = Rank{rank};
    peer.first_ghost = first_ghost[to_size(rank)];
    peer.num_ghosts = wanted[to_size(rank)];
    for (const Position row : rows) {
      peer.sent.emplace_back(narrow<std::int32_t>(row.value() - begin, "row of a rank"));
    }
  }
}

template <class T>
void Halo::push_values(std::span<T> values, Count columns, Where where) const {
  comm::expect_same_call(*comm_, {"Halo::push", where, sizeof(T), columns});
  std::vector<MPI_Request> requests;
  std::vector<std::vector<T>> packed(peers_.size());
  const Count row_bytes = columns * static_cast<Count>(sizeof(T));
  for (const Peer& peer : peers_) {
    auto* to =
        reinterpret_cast<std::byte*>(values.data() + (num_owned_ + peer.first_ghost) * columns);
    in_chunks(peer.num_ghosts * row_bytes, [&](Count first, int part) {
      comm::check(MPI_Irecv(to + first, part, MPI_BYTE, peer.rank.value(), 0, comm_->raw(),
                            &requests.emplace_back()),
                  "MPI_Irecv");
    });
  }
  for (std::size_t i = 0; i < peers_.size(); ++i) {
    packed[i].reserve(peers_[i].sent.size() * to_size(columns));
    for (const LocalId row : peers_[i].sent) {
      const auto first = values.begin() + Count{row.value()} * columns;
      packed[i].insert(packed[i].end(), first, first + columns);
    }
    const auto* from = reinterpret_cast<const std::byte*>(packed[i].data());
    in_chunks(count_of(peers_[i].sent) * row_bytes, [&](Count first, int part) {
      comm::check(MPI_Isend(from + first, part, MPI_BYTE, peers_[i].rank.value(), 0, comm_->raw(),
                            &requests.emplace_back()),
                  "MPI_Isend");
    });
  }
  comm::check(MPI_Waitall(narrow<int>(count_of(requests), "messages in flight"), requests.data(),
                          MPI_STATUSES_IGNORE),
              "MPI_Waitall");
}

void Halo::push(std::span<float> values, Count columns, Where where) const {
  push_values(values, columns, where);
}

void Halo::push(std::span<double> values, Count columns, Where where) const {
  push_values(values, columns, where);
}

void Halo::push(std::span<Count> values, Count columns, Where where) const {
  push_values(values, columns, where);
}

Count Halo::push_changed(std::span<float> values, std::span<const float> before, Count columns,
                         Where where) const {
  comm::expect_same_call(*comm_, {"Halo::push_changed", where, sizeof(float), columns});
  const auto width = to_size(columns);
  std::vector<Message> sent(peers_.size());
  std::vector<Message> received(peers_.size());
  for (std::size_t i = 0; i < peers_.size(); ++i) {
    sent[i].mask.resize((peers_[i].sent.size() + 7) / 8, std::byte{0});
    received[i].mask.resize(to_size((peers_[i].num_ghosts + 7) / 8));
    for (std::size_t at = 0; at < peers_[i].sent.size(); ++at) {
      const std::size_t first = to_size(peers_[i].sent[at]) * width;
      if (std::memcmp(&values[first], &before[first], width * sizeof(float)) != 0) {
        sent[i].mask[at / 8] |= std::byte{1} << (at % 8);
        sent[i].rows.insert(sent[i].rows.end(), &values[first], &values[first] + columns);
      }
    }
  }
  exchange(sent, received,
           [](Message& message) { return std::as_writable_bytes(std::span{message.mask}); });
  for (Message& message : received) {
    message.rows.resize(to_size(count_rows(message.mask)) * width);
  }
  exchange(sent, received,
           [](Message& message) { return std::as_writable_bytes(std::span{message.rows}); });
  Count bytes = 0;
  for (std::size_t i = 0; i < peers_.size(); ++i) {
    const float* next = received[i].rows.data();
    for (Count at = 0; at < peers_[i].num_ghosts; ++at) {
      const Count first = (num_owned_ + peers_[i].first_ghost + at) * columns;
      const bool changed =
          (received[i].mask[to_size(at / 8)] & (std::byte{1} << (at % 8))) != std::byte{0};
      std::copy_n(changed ? next : before.data() + first, columns, values.data() + first);
      next += changed ? columns : 0;
    }
    bytes += count_of(sent[i].mask) + count_of(sent[i].rows) * static_cast<Count>(sizeof(float));
  }
  return bytes;
}

void Halo::exchange(std::vector<Message>& sent, std::vector<Message>& received, Bytes bytes) const {
  std::vector<MPI_Request> requests;
  for (std::size_t i = 0; i < peers_.size(); ++i) {
    const std::span<std::byte> to = bytes(received[i]);
    in_chunks(count_of(to), [&](Count first, int part) {
      comm::check(MPI_Irecv(to.data() + first, part, MPI_BYTE, peers_[i].rank.value(), 0,
                            comm_->raw(), &requests.emplace_back()),
                  "MPI_Irecv");
    });
  }
  for (std::size_t i = 0; i < peers_.size(); ++i) {
    const std::span<const std::byte> from = bytes(sent[i]);
    in_chunks(count_of(from), [&](Count first, int part) {
      comm::check(MPI_Isend(from.data() + first, part, MPI_BYTE, peers_[i].rank.value(), 0,
                            comm_->raw(), &requests.emplace_back()),
                  "MPI_Isend");
    });
  }
  comm::check(MPI_Waitall(narrow<int>(count_of(requests), "messages in flight"), requests.data(),
                          MPI_STATUSES_IGNORE),
              "MPI_Waitall");
}

Count Halo::bytes_sent(Count row_bytes) const {
  Count rows = 0;
  for (const Peer& peer : peers_) {
    rows += count_of(peer.sent);
  }
  return rows * row_bytes;
}

}  // namespace kith::graph
