#include "kith/comm/stop.hpp"

#include "kith/comm/collectives.hpp"
#include "kith/core/stop.hpp"

namespace kith::comm {

bool stop_was_asked(const Communicator& comm, Where where) {
  return any_rank(comm, kith::stop_was_asked(), where);
}

void stop_if_asked(const Communicator& comm, Where where) {
  if (stop_was_asked(comm, where)) {
    throw Stopped{};
  }
}

}  // namespace kith::comm
