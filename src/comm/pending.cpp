#include "kith/comm/pending.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <utility>

#include "kith/core/error.hpp"

namespace kith::comm {
namespace {

constexpr int kTag = 1;  // exchange() uses 0

}  // namespace

PendingBytes::PendingBytes(const Communicator& comm, std::vector<std::byte> send,
                           std::span<const Count> send_bytes, std::span<const Count> receive_bytes,
                           Where where)
    : send_{std::move(send)} {
  expect_same_call(comm, {"PendingBytes", where});
  std::vector<Count> send_first(send_bytes.size(), 0);
  std::vector<Count> receive_first(receive_bytes.size(), 0);
  std::exclusive_scan(send_bytes.begin(), send_bytes.end(), send_first.begin(), Count{0});
  std::exclusive_scan(receive_bytes.begin(), receive_bytes.end(), receive_first.begin(), Count{0});
  receive_.resize(to_size(receive_first.back() + receive_bytes.back()));
  const auto me = to_size(comm.rank());
  if (send_bytes[me] > 0) {
    std::memcpy(receive_.data() + receive_first[me], send_.data() + send_first[me],
                to_size(send_bytes[me]));
  }
  const auto post = [&](Count total, auto&& start) {
    for (Count first = 0; first < total; first += chunk_bytes()) {
      const auto part = static_cast<int>(std::min(chunk_bytes(), total - first));
      check(start(first, part, &requests_.emplace_back()), "MPI_Isend or MPI_Irecv");
    }
  };
  for (int distance = 1; distance < comm.size(); ++distance) {
    const int from = (comm.rank().value() - distance + comm.size()) % comm.size();
    post(receive_bytes[to_size(from)], [&](Count first, int part, MPI_Request* request) {
      return MPI_Irecv(receive_.data() + receive_first[to_size(from)] + first, part, MPI_BYTE, from,
                       kTag, comm.raw(), request);
    });
  }
  for (int distance = 1; distance < comm.size(); ++distance) {
    const int to = (comm.rank().value() + distance) % comm.size();
    post(send_bytes[to_size(to)], [&](Count first, int part, MPI_Request* request) {
      return MPI_Isend(send_.data() + send_first[to_size(to)] + first, part, MPI_BYTE, to, kTag,
                       comm.raw(), request);
    });
  }
}

PendingBytes::PendingBytes(PendingBytes&& other) noexcept
    : send_{std::move(other.send_)},
      receive_{std::move(other.receive_)},
      requests_{std::exchange(other.requests_, {})} {
}

PendingBytes& PendingBytes::operator=(PendingBytes&& other) noexcept {
  if (this != &other) {
    wait();
    send_ = std::move(other.send_);
    receive_ = std::move(other.receive_);
    requests_ = std::exchange(other.requests_, {});
  }
  return *this;
}

PendingBytes::~PendingBytes() {
  wait();
}

void PendingBytes::progress() {
  if (!requests_.empty()) {
    int all_are_done = 0;
    check(MPI_Testall(static_cast<int>(requests_.size()), requests_.data(), &all_are_done,
                      MPI_STATUSES_IGNORE),
          "MPI_Testall");
    if (all_are_done != 0) {
      requests_.clear();
    }
  }
}

void PendingBytes::wait() {
  if (!requests_.empty()) {
    check(MPI_Waitall(static_cast<int>(requests_.size()), requests_.data(), MPI_STATUSES_IGNORE),
          "MPI_Waitall");
    requests_.clear();
  }
}

std::vector<std::byte> PendingBytes::finish() {
  wait();
  send_ = std::vector<std::byte>{};  // an empty list would keep the memory
  return std::exchange(receive_, {});
}

}  // namespace kith::comm
