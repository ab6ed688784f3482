/// Parts of measure_rates().
#pragma once

#include <vector>

#include "kith/run/plan.hpp"

namespace kith::run {

/// Collective. Nodes of a rank x label columns that one sweep of these members does a second, all
/// of one engine, on a made graph of some thousand nodes.
[[nodiscard]] double sweep_rate(const comm::Communicator& comm, PlanInput input,
                                const std::vector<ensemble::MemberConfig>& members);

}  // namespace kith::run
