/// What the shape of a dataset must be. Throws Error, before anything of that size is allocated.
#pragma once

#include <cstddef>
#include <string>

#include "kith/core/types.hpp"
#include "kith/io/input_file.hpp"

namespace kith::corpus {

/// num_axes: 1 (or N x 1) or 2.
void require_shape(const io::InputFile& file, const std::string& dataset,
                   const io::DatasetInfo& info, std::size_t num_axes);

/// 1 to `most` columns. what: they are.
void require_width(const io::InputFile& file, const std::string& dataset,
                   const io::DatasetInfo& info, Count most, const char* what);

/// A dataset with one row an item; num_axes: see require_shape.
io::DatasetInfo require_column(const io::InputFile& file, const std::string& dataset,
                               Count num_rows, std::size_t num_axes);

}  // namespace kith::corpus
