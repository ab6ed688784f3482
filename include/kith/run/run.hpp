/// The stages of `kith run` in order, each done once: a stage whose inputs and configuration have
/// not changed since it was recorded in manifest.json is not done again.
#pragma once

#include <string>

#include "kith/comm/communicator.hpp"
#include "kith/config/config.hpp"
#include "kith/run/stage.hpp"

namespace kith::run {

/// Version of the program, and of what its stages leave in the run directory.
[[nodiscard]] const char* version();

/// Collective. Goes through the stages up to and with the one of this name; results lie in
/// config.run.directory.
void run(const comm::Communicator& comm, const StageList& stages, const config::Config& config,
         const std::string& last);

/// Collective. Does the run of `manifest` again in config.run.directory and compares each result
/// file with the hash that the manifest has; says so, file by file. Returns whether all are equal.
/// Throws CollectiveError if an input is not the one of that run.
[[nodiscard]] bool replay(const comm::Communicator& comm, const StageList& stages,
                          const config::Config& config, const std::string& manifest);

/// Collective. Throws CollectiveError unless the files of this stage are, byte for byte, what the
/// manifest of the directory has of them.
void require_recorded(const comm::Communicator& comm, const Stage& stage,
                      const std::string& directory);

}  // namespace kith::run
