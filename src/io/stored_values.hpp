/// Can the values of a dataset be read at all? Asked before the first of them is.
#pragma once

#include <string>

#include "io/hdf5_support.hpp"

namespace kith::io {

/// Throws Error if a filter is missing that the values went through, if they lie in another file
/// that is not there, or if one chunk of them is more than this process could hold.
void require_stored_values(const Dataset& dataset, const std::string& path,
                           const std::string& name);

}  // namespace kith::io
