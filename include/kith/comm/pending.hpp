/// An exchange that goes on while its rank computes.
#pragma once

#include <cstddef>
#include <span>
#include <type_traits>
#include <vector>

#include "kith/comm/collectives.hpp"
#include "kith/comm/communicator.hpp"
#include "kith/core/types.hpp"
#include "kith/core/where.hpp"

namespace kith::comm {

/// Messages in flight, and the buffers that they need. At most one of a communicator at a time;
/// other collectives may run meanwhile. Move-only. MPI moves large messages only inside its calls:
/// who computes for long calls progress() now and then, on the thread that initialized MPI.
class PendingBytes {
 public:
  PendingBytes() = default;
  /// Collective. Bytes packed by destination; one count a rank.
  PendingBytes(const Communicator& comm, std::vector<std::byte> send,
               std::span<const Count> send_bytes, std::span<const Count> receive_bytes,
               Where where = Where::here());
  PendingBytes(PendingBytes&& other) noexcept;
  PendingBytes& operator=(PendingBytes&& other) noexcept;
  PendingBytes(const PendingBytes&) = delete;
  PendingBytes& operator=(const PendingBytes&) = delete;
  /// Waits: a message must not outlive its buffer.
  ~PendingBytes();

  void progress();
  /// Waits for all of it; what came, by source. Frees what was sent.
  [[nodiscard]] std::vector<std::byte> finish();

 private:
  void wait();

  std::vector<std::byte> send_;
  std::vector<std::byte> receive_;
  std::vector<MPI_Request> requests_;
};

}  // namespace kith::comm
