/// The run directory as a start finds it: whose it is, and who is at work there.
#pragma once

#include <set>
#include <string>

#include "kith/comm/communicator.hpp"
#include "kith/io/json.hpp"
#include "kith/run/stage.hpp"

namespace kith::run {

[[nodiscard]] std::string manifest_path(const std::string& directory);

/// The stages whose files a run has written here, or has begun to.
[[nodiscard]] std::set<std::string> begun_stages(const io::Json& manifest);

/// Rank 0. The manifest of earlier runs in a directory that this run may write to; null if there is
/// none. Throws Error as require_own_directory().
[[nodiscard]] io::Json look_into(const StageList& stages, const std::string& directory);

/// Rank 0. As look_into(), after which the directory is there, locked until the process ends, and
/// free of what a killed run has left half-written.
[[nodiscard]] io::Json prepare_directory(const StageList& stages, const std::string& directory);

/// Collective. Throws CollectiveError, before anything is read or made, if the directory is not one
/// where this run may write: its manifest is damaged or none of kith, or files lie there that a run
/// would write and that this program has not written.
void require_own_directory(const comm::Communicator& comm, const StageList& stages,
                           const std::string& directory);

}  // namespace kith::run
