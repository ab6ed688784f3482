/// Which files of a run directory are a run's own.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "kith/config/config.hpp"

namespace kith::pipeline {

constexpr const char* kManifestFile = "manifest.json";

/// The files that a stage leaves, relative to the run directory. `*` stands for the numbers of
/// pieces: 00000, 00001, ...
[[nodiscard]] std::vector<std::string> files_of(const std::string& stage);

/// files_of() with the pieces that are there, from 00000 on without a gap.
[[nodiscard]] std::vector<std::string> existing_files(const std::string& directory,
                                                      const std::string& stage);

/// Throws Error if a file lies where a run writes one and no stage in `begun` has written it, or if
/// something that is no file does.
void refuse_files_of_others(const std::string& directory, const std::set<std::string>& begun);

/// Removes what a killed run has left half-written.
void remove_partial_files(const std::string& directory);

/// Does a run keep this path: its directory, a file that it leaves there, or a folder of these?
/// Known by the manifest that lies in the directory.
[[nodiscard]] bool is_of_a_run(const std::string& path);

}  // namespace kith::pipeline
