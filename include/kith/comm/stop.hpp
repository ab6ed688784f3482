/// One rank's wish to stop is everyone's, at the end of a unit of work.
#pragma once

#include <stdexcept>

#include "kith/comm/communicator.hpp"
#include "kith/core/where.hpp"

namespace kith::comm {

/// The ranks have agreed to stop. Thrown on all of them together; main ends with kStoppedStatus.
class Stopped : public std::runtime_error {
 public:
  Stopped() : std::runtime_error{"stopped as asked; start it again and it goes on"} {}
};

/// Collective. Has a stop been asked for on any rank? One allreduce of a word.
[[nodiscard]] bool stop_was_asked(const Communicator& comm, Where where = Where::here());

/// Collective, between two units of work, never inside locally(). Throws Stopped on all ranks if a
/// stop was asked for on any.
void stop_if_asked(const Communicator& comm, Where where = Where::here());

}  // namespace kith::comm
