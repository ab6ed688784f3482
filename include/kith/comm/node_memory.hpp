/// Memory that the ranks of one node read from each other without messages.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "kith/comm/communicator.hpp"
#include "kith/core/types.hpp"
#include "kith/core/where.hpp"

namespace kith::comm {

/// One block of bytes a rank, in an MPI-3 shared-memory window where the node has several ranks and
/// room for it, else on the heap and invisible to others. Move-only. The bytes begin unset.
///
/// Destroying it is collective, but for unwinding: then the window is left to
/// the end of the process, since not every rank may be here.
class NodeMemory {
 public:
  NodeMemory() = default;
  /// Collective. comm must outlive it.
  NodeMemory(const Communicator& comm, Count num_bytes, Where where = Where::here());
  NodeMemory(NodeMemory&& other) noexcept;
  NodeMemory& operator=(NodeMemory&& other) noexcept;
  NodeMemory(const NodeMemory&) = delete;
  NodeMemory& operator=(const NodeMemory&) = delete;
  ~NodeMemory();

  [[nodiscard]] std::span<std::byte> mine() const { return mine_; }

  /// Collective. What was written before is seen by all ranks of the node after.
  void publish(Where where = Where::here()) const;

  /// May this rank read that rank's block? Never its own: see mine().
  [[nodiscard]] bool sees(Rank rank) const {
    return !others_.empty() && others_[to_size(rank)].data() != nullptr;
  }
  /// The block of a rank that this one sees.
  [[nodiscard]] std::span<const std::byte> of(Rank rank) const { return others_[to_size(rank)]; }

  /// Takes the blocks of others out of this process's resident memory until they are read again.
  void release_others() const;

 private:
  [[nodiscard]] bool allocate_window(const Communicator& node, Count num_bytes);
  void find_others(const Communicator& comm, const Communicator& node);
  void free();

  const Communicator* comm_ = nullptr;
  Where made_at_ = Where::here();
  MPI_Win window_ = MPI_WIN_NULL;
  std::unique_ptr<std::byte[]> heap_;  // NOLINT(modernize-avoid-c-arrays): not cleared first
  std::span<std::byte> mine_;
  std::vector<std::span<const std::byte>> others_;  // by rank; empty = no window
};

}  // namespace kith::comm
