/// What report.json says of the stages before the statistics.
#pragma once

#include "pipeline/workspace.hpp"

namespace kith::pipeline {

/// Collective. The keys "run" and "graph" of report.json, from the numbers of earlier stages.
[[nodiscard]] io::Json describe_run(const Workspace& workspace);

}  // namespace kith::pipeline
