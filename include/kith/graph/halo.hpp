/// Copies of owned rows at the ranks that hold them as ghosts.
#pragma once

#include <span>
#include <vector>

#include "kith/comm/communicator.hpp"
#include "kith/core/types.hpp"

namespace kith::graph {

/// A plan made once and used every sweep: which owned rows go to which rank, and which ghost rows
/// come from which. Ranks that share nothing exchange nothing.
///
///     values:  [ owned rows ........ | ghosts of rank a | ghosts of rank b | ... ]   x columns
class Halo {
 public:
  Halo() = default;

  /// Collective. first_of_rank: first position of each rank, and the end (size + 1 entries);
  /// ghosts: sorted positions that other ranks own. comm must outlive the halo.
  Halo(const comm::Communicator& comm, std::span<const Position> first_of_rank,
       std::span<const Position> ghosts);

  /// Collective. values: (owned + ghost) rows x columns; fills the ghost rows with their owners'
  /// values. One message a pair of ranks, split below comm::chunk_bytes().
  void push(std::span<float> values, Count columns) const;
  void push(std::span<Count> values, Count columns) const;

  /// Bytes that one push of rows of `row_bytes` sends from this rank.
  [[nodiscard]] Count bytes_sent(Count row_bytes) const;

 private:
  struct Peer {
    Rank rank;
    std::vector<LocalId> sent;  // owned rows, ascending
    Count first_ghost = 0;      // received: consecutive ghosts
    Count num_ghosts = 0;
  };

  template <class T>
  void push_values(std::span<T> values, Count columns) const;

  const comm::Communicator* comm_ = nullptr;
  Count num_owned_ = 0;
  std::vector<Peer> peers_;
};

}  // namespace kith::graph
