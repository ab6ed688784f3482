/// Graphs of other vectors of the same items: what [graph.NAME] makes of a configuration.
#pragma once

#include <string>

#include "kith/config/config.hpp"

namespace kith::config {

/// Whether a member's labels spread on it: no other graph is built.
[[nodiscard]] bool is_used(const Config& config, const GraphSource& source);

/// The section of this name, which is there.
[[nodiscard]] const GraphSource& graph_source(const Config& config, const std::string& name);

/// The configuration of the run that builds this graph, in graphs/NAME of the run directory: the
/// same but for its vectors, up to the stage graph. It resumes and is recorded like any run.
[[nodiscard]] Config config_of_graph(const Config& config, const GraphSource& source);

}  // namespace kith::config
