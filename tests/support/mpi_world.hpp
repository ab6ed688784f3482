/// The communicator that tests run on.
#pragma once

#include "kith/comm/communicator.hpp"

namespace kith::test {

/// A duplicate of the world, alive until the tests end.
[[nodiscard]] const comm::Communicator& world();

}  // namespace kith::test
