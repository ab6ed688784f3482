/// Opening HDF5 files and datasets for reading, and what to say where that fails.
#pragma once

#include <string>
#include <vector>

#include "io/hdf5_support.hpp"

namespace kith::io {

/// Read-only, without locks. Throws Error "PATH: is a directory, expected an HDF5 file" and so on.
[[nodiscard]] File open_file(const std::string& path);

/// With a chunk cache. Throws Error with one sentence: nothing has that name and what there is
/// instead, a group, a link that leads nowhere, a filter that HDF5 does not find, a file of values
/// that is not there.
[[nodiscard]] Dataset open_dataset(const File& file, const std::string& path,
                                   const std::string& name);

/// Names of what is in a group, sorted. Throws Error if there is no such group.
[[nodiscard]] std::vector<std::string> children_of(const File& file, const std::string& path,
                                                   const std::string& group);

/// The shape of an open dataset. Throws Error if it has none (a null dataspace), or if its bytes
/// cannot be counted in 63 bits.
[[nodiscard]] std::vector<Count> checked_shape(const Dataset& dataset, const std::string& path,
                                               const std::string& name);

}  // namespace kith::io
