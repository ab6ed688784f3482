/// The history of a member's sweeps, read back from its datasets.
#pragma once

#include <string>

#include "kith/ensemble/ensemble.hpp"
#include "kith/io/input_file.hpp"

namespace kith::stages {

/// Reads what statistics::write_trace() wrote into the result.
void read_trace(const io::InputFile& file, const std::string& group, Count num_classes,
                propagate::TaskResult& result);

}  // namespace kith::stages
