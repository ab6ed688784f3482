/// Which files of a run directory are a run's own.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "kith/run/stage.hpp"

namespace kith::run {

constexpr const char* kManifestFile = "manifest.json";

/// The files that a stage leaves, with the pieces that are there, from 00000 on without a gap.
[[nodiscard]] std::vector<std::string> existing_files(const std::string& directory,
                                                      const Stage& stage);

/// Throws Error if a file lies where a run writes one and no stage in `begun` has written it, or if
/// something that is no file does.
void refuse_files_of_others(const StageList& stages, const std::string& directory,
                            const std::set<std::string>& begun);

/// Removes what a killed run has left half-written.
void remove_partial_files(const StageList& stages, const std::string& directory);

/// Does a run keep this path: its directory, a file that it leaves there, or a folder of these?
/// Known by the manifest that lies in the directory.
[[nodiscard]] bool is_of_a_run(const StageList& stages, const std::string& path);

}  // namespace kith::run
