/// The history of a member's sweeps as datasets.
#pragma once

#include <string>

#include "kith/ensemble/ensemble.hpp"
#include "kith/io/input_file.hpp"
#include "kith/io/output_file.hpp"

namespace kith::pipeline {

/// Collective. Writes group/trace_residual (lines), trace_counts (lines x (3 + K)) and
/// trace_measures (lines x (2 + K)), with sweeps and reason of the stop as attributes. Of sparse
/// rows there is nothing by class, but as further attributes what truncation has hidden.
void write_trace(io::OutputFile& file, const std::string& group,
                 const propagate::TaskResult& result, Count num_classes);

/// Reads them into the result.
void read_trace(const io::InputFile& file, const std::string& group, Count num_classes,
                propagate::TaskResult& result);

}  // namespace kith::pipeline
