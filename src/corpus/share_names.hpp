/// Lists of texts from rank 0 to all.
#pragma once

#include <string>
#include <vector>

#include "kith/comm/communicator.hpp"

namespace kith::corpus {

/// Collective. Fills `strings` on the other ranks with those of rank 0.
void broadcast_strings(const comm::Communicator& comm, std::vector<std::string>& strings);

}  // namespace kith::corpus
