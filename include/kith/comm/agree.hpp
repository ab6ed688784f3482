/// One rank's failure is everyone's, once.
#pragma once

#include <exception>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "kith/comm/communicator.hpp"
#include "kith/core/where.hpp"

namespace kith::comm {

/// The same failure on every rank; what() is one sentence. Printed once, by rank 0, in main.
class CollectiveError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Collective. Throws CollectiveError on all ranks with the lowest failing rank's sentence if any
/// failed.
void throw_if_any_failed(const Communicator& comm, const std::optional<std::string>& failure,
                         Where where = Where::here());

/// Collective. Runs `work` on each rank and fails on all ranks together, with the lowest failing
/// rank's sentence. `work` must not communicate: a rank that throws would strand the others.
template <class Work>
std::invoke_result_t<Work> locally(const Communicator& comm, Work&& work,
                                   Where where = Where::here()) {
  using Result = std::invoke_result_t<Work>;
  std::optional<std::string> failure;
  if constexpr (std::is_void_v<Result>) {
    try {
      std::invoke(std::forward<Work>(work));
    } catch (const std::exception& error) {
      failure = error.what();
    }
    throw_if_any_failed(comm, failure, where);
  } else {
    std::optional<Result> result;
    try {
      result.emplace(std::invoke(std::forward<Work>(work)));
    } catch (const std::exception& error) {
      failure = error.what();
    }
    throw_if_any_failed(comm, failure, where);
    return std::move(*result);
  }
}

/// Collective. As locally(), but `work` runs on rank 0 only: for what one rank does for all.
template <class Work>
void on_root(const Communicator& comm, Work&& work, Where where = Where::here()) {
  const auto on_this = [&] {
    if (comm.is_root()) {
      std::invoke(std::forward<Work>(work));
    }
  };
  locally(comm, on_this, where);
}

}  // namespace kith::comm
