/// What the stage cells leaves.
#pragma once

#include <vector>

#include "kith/cells/cells.hpp"
#include "kith/layout/row_exchange.hpp"
#include "kith/run/workspace.hpp"

namespace kith::stages {

using Items = std::vector<layout::ItemOfNode>;  // every item whose node this rank owns

/// Collective. Makes sure of cells::Shard, who owns what, and Items, from the stage's files if need
/// be. need_vectors: and of vectors and centroids, which only knn looks at.
void need_shard(run::Workspace& workspace);
void need_vectors(run::Workspace& workspace);

}  // namespace kith::stages
