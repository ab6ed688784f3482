/// Did the launcher start one program on many ranks, or many programs of one rank?
#pragma once

#include <functional>
#include <optional>
#include <string>

namespace kith::comm {

/// Copies of the program that do not know of each other.
struct LonelyCopies {
  std::string sentence;   // what to do about it
  bool is_first = false;  // of the copies: the one that says so
};

/// Value of an environment variable; nullptr if it is not set.
using Variables = std::function<const char*(const char*)>;

/// What a launcher has started that MPI does not know of: it says that it started several processes
/// where MPI_COMM_WORLD has one rank. None inside a process of the MPI library's own launcher, in a
/// batch script, in a shell of an allocation, or where one task was asked for. Local.
[[nodiscard]] std::optional<LonelyCopies> find_lonely_copies(int num_ranks,
                                                             const Variables& variables);

}  // namespace kith::comm
