/// The history of a member's sweeps as datasets.
#pragma once

#include <string>

#include "kith/io/output_file.hpp"
#include "kith/propagate/task.hpp"

namespace kith::statistics {

/// Stands in /trace_measures where a measure is not known: none is negative.
inline constexpr double kUnknownMeasure = -1;

/// Collective. Writes group/trace_residual (lines), trace_counts (lines x (3 + K)) and
/// trace_measures (lines x (2 + K)), with sweeps and reason of the stop as attributes. Of sparse
/// rows there is nothing by class, but as further attributes what truncation has hidden.
void write_trace(io::OutputFile& file, const std::string& group,
                 const propagate::TaskResult& result, Count num_classes);

}  // namespace kith::statistics
