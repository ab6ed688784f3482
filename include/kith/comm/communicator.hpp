/// The MPI environment and our own communicator.
#pragma once

#include <string_view>

#include <mpi.h>

#include "kith/core/types.hpp"
#include "kith/core/where.hpp"

namespace kith::comm {

/// MPI_Init_thread(FUNNELED) to MPI_Finalize. Constructed in main before its try block, so that no
/// unwinding rank enters MPI_Finalize alone.
///
/// With KITH_CHECK_COLLECTIVES=1 in the environment of rank 0, ranks compare every collective
/// before they enter it (same_call.hpp). Debug and sanitizer builds do so unless it is 0.
class Environment {
 public:
  /// Collective.
  Environment(int& argc, char**& argv);
  ~Environment();
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;
};

/// Owns a duplicate, so that our messages never meet the caller's. Move-only.
class Communicator {
 public:
  /// Collective over `parent`.
  static Communicator duplicate(MPI_Comm parent);
  friend Communicator node_of(const Communicator& comm, Where where);
  ~Communicator();
  Communicator(Communicator&& other) noexcept;
  Communicator& operator=(Communicator&& other) noexcept;
  Communicator(const Communicator&) = delete;
  Communicator& operator=(const Communicator&) = delete;

  [[nodiscard]] Rank rank() const { return rank_; }
  [[nodiscard]] int size() const { return size_; }
  [[nodiscard]] bool is_root() const { return rank_ == Rank{0}; }
  [[nodiscard]] MPI_Comm raw() const { return comm_; }

  /// Whether its ranks compare the collectives that they enter, and the communicator for that.
  [[nodiscard]] bool compares_calls() const { return calls_ != MPI_COMM_NULL; }
  [[nodiscard]] MPI_Comm raw_for_calls() const { return calls_; }

 private:
  /// Collective over `owned`.
  explicit Communicator(MPI_Comm owned);

  MPI_Comm comm_ = MPI_COMM_NULL;
  MPI_Comm calls_ = MPI_COMM_NULL;
  Rank rank_;
  int size_ = 0;
};

/// Collective. The ranks of `comm` that share this rank's node, in the order of their ranks.
[[nodiscard]] Communicator node_of(const Communicator& comm, Where where = Where::here());

/// From now on node_of() takes so many ranks of a node at most for one node (0 = all): tests lower
/// it so that what crosses between nodes runs on one machine.
void set_ranks_per_node(int ranks);

/// Collective. How many ranks share this rank's node.
[[nodiscard]] int ranks_on_node(const Communicator& comm, Where where = Where::here());

/// Symmetry between ranks is lost: prints one line with the rank, then MPI_Abort with status 2.
[[noreturn]] void abort_job(std::string_view message);

/// Turns an MPI error code into abort_job: after one, ranks cannot agree on anything.
void check(int mpi_status, const char* call);

}  // namespace kith::comm
