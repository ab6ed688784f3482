/// Which instruction set the kernels use.
#pragma once

#include <string>
#include <vector>

namespace kith::distance {

/// The instruction set in use ("AVX3" is AVX-512). Chosen at the first call from what the machine
/// has and, if set, the environment variable KITH_TARGET: the best one allowed by that name.
[[nodiscard]] std::string target_name();

/// Those that this build holds and this machine can run, best first.
[[nodiscard]] std::vector<std::string> available_targets();

/// Uses exactly this one from now on. Throws Error if it is not available. Not thread-safe: for
/// start-up and tests. Results do not change, only speed.
void use_target(const std::string& name);

}  // namespace kith::distance
