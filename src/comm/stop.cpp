#include "kith/comm/stop.hpp"

#include "kith/comm/collectives.hpp"
#include "kith/core/stop.hpp"

namespace kith::comm {

bool stop_was_asked(const Communicator& comm) {
  return any_rank(comm, kith::stop_was_asked());
}

void stop_if_asked(const Communicator& comm) {
  if (stop_was_asked(comm)) {
    throw Stopped{};
  }
}

}  // namespace kith::comm
