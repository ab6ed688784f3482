/// Can the values of a dataset be read at all? Asked before the first of them is.
#pragma once

#include <string>
#include <vector>

#include "io/hdf5_support.hpp"

namespace kith::io {

/// Files that hold the values of a dataset besides its own (external storage). made: how it was
/// created. Throws Error if one is not there or too short.
std::vector<std::string> external_files(const Properties& made, const std::string& path,
                                        const std::string& name);

/// Throws Error if a filter is missing that the values went through, for external_files, or if one
/// chunk of them is more than this process could hold.
void require_stored_values(const Dataset& dataset, const std::string& path,
                           const std::string& name);

}  // namespace kith::io
