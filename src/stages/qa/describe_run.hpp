/// What report.json says of the stages before the statistics.
#pragma once

#include "kith/run/workspace.hpp"

namespace kith::stages {

/// Collective. The keys "run" and "graph" of report.json, from the numbers of earlier stages.
[[nodiscard]] io::Json describe_run(const run::Workspace& workspace);

}  // namespace kith::stages
