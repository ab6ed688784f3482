/// What the stage graph leaves in memory.
#pragma once

#include "kith/graph/components.hpp"
#include "kith/graph/graph.hpp"
#include "kith/run/workspace.hpp"

namespace kith::stages {

/// Collective. Makes sure of graph::Graph and graph::Components.
void need_graph(run::Workspace& workspace);

}  // namespace kith::stages
