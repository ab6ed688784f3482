/// The subcommands of `kith`.
#pragma once

#include "kith/comm/communicator.hpp"

namespace kith::app {

/// Collective. Runs the subcommand that the command line names; returns the exit status.
int dispatch(const comm::Communicator& world, int argc, char** argv);

}  // namespace kith::app
