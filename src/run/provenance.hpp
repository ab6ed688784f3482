/// What a run was made by, from and on: for manifest.json.
#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "kith/comm/placement.hpp"
#include "kith/config/config.hpp"

namespace kith::run {

/// Version, commit, compiler and libraries of this program.
[[nodiscard]] nlohmann::ordered_json describe_program();

/// Collective. Ranks, threads, hosts, instruction sets, Slurm job and time of this start.
[[nodiscard]] nlohmann::ordered_json describe_start(const comm::Communicator& comm,
                                                    const comm::Placement& placement);

/// Threads that a call of BLAS would start; 0 if the BLAS in use does not say.
[[nodiscard]] int blas_threads();

/// Bytes that this process has moved through read and write calls so far (/proc/self/io).
struct ByteCounts {
  Count read = 0;
  Count written = 0;
};
[[nodiscard]] ByteCounts bytes_moved();

/// "2026-01-31T23:59:59Z".
[[nodiscard]] std::string utc_now();

}  // namespace kith::run
