/// A debug aid: do all ranks enter the same collective?
#pragma once

#include "kith/comm/communicator.hpp"
#include "kith/core/types.hpp"
#include "kith/core/where.hpp"

namespace kith::comm {

/// A collective that this rank is about to enter.
struct Call {
  static constexpr Count kOwn = -1;  // every rank may have a number of its own

  const char* operation;
  Where where;
  Count element_bytes = 0;
  Count count = kOwn;  // of elements, where all ranks must have as many
};

namespace detail {
void compare_calls(const Communicator& comm, const Call& call);
}  // namespace detail

/// Collective. Where calls are compared (see Environment): ends the job with one sentence that
/// names both places, unless all ranks of comm make the same call. One small message of its own; a
/// rank that makes no call at all is waited for. Elsewhere: nothing.
inline void expect_same_call(const Communicator& comm, const Call& call) {
  if (comm.compares_calls()) {
    detail::compare_calls(comm, call);
  }
}

}  // namespace kith::comm
