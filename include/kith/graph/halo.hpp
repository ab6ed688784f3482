/// Copies of owned rows at the ranks that hold them as ghosts.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "kith/comm/communicator.hpp"
#include "kith/core/types.hpp"
#include "kith/core/where.hpp"

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
       std::span<const Position> ghosts, Where where = Where::here());

  /// Collective. values: (owned + ghost) rows x columns; fills the ghost rows with their owners'
  /// values. One message a pair of ranks, split below comm::chunk_bytes().
  void push(std::span<float> values, Count columns, Where where = Where::here()) const;
  void push(std::span<double> values, Count columns, Where where = Where::here()) const;
  void push(std::span<Count> values, Count columns, Where where = Where::here()) const;

  /// Collective. As push(), but a row whose bytes are those in `before`, where the same rows stood
  /// when they were pushed last, is not sent: the ghost is copied from `before`. Returns the bytes
  /// that this rank sent: a bit for each row, and the rows that changed.
  Count push_changed(std::span<float> values, std::span<const float> before, Count columns,
                     Where where = Where::here()) const;

  /// Bytes that one push of rows of `row_bytes` sends from this rank.
  [[nodiscard]] Count bytes_sent(Count row_bytes) const;

 private:
  struct Peer {
    Rank rank;
    std::vector<LocalId> sent;  // owned rows, ascending
    Count first_ghost = 0;      // received: consecutive ghosts
    Count num_ghosts = 0;
  };

  /// What goes to or comes from one peer in push_changed().
  struct Message {
    std::vector<std::byte> mask;  // a bit for each row, set where it follows
    std::vector<float> rows;
  };
  using Bytes = std::span<std::byte> (*)(Message&);

  /// Collective. Sends bytes(sent[i]) to peer i and fills bytes(received[i]), already sized.
  void exchange(std::vector<Message>& sent, std::vector<Message>& received, Bytes bytes) const;

  template <class T>
  void push_values(std::span<T> values, Count columns, Where where) const;

  const comm::Communicator* comm_ = nullptr;
  Count num_owned_ = 0;
  std::vector<Peer> peers_;
};

}  // namespace kith::graph
