#include "stages/folds.hpp"

#include "kith/comm/agree.hpp"
#include "kith/layout/node_maps.hpp"

#include "stages/cells/cells_output.hpp"

namespace kith::stages {

IdRange<Position> owned_nodes(const run::Workspace& workspace) {
  return workspace.outputs.get<cells::Shard>().layout.nodes_of(workspace.comm.rank());
}

void need_folds(run::Workspace& workspace) {
  comm::locally(workspace.comm, [&] {
    ensemble::validate_prior(workspace.config.ensemble, workspace.num_classes());
  });
  need_shard(workspace);
  const auto seeds = layout::seeds_on_nodes(workspace.outputs.get<cells::Shard>(),
                                            workspace.outputs.get<Items>(), workspace.seeds);
  std::vector<Position> soft;
  for (std::size_t i = 0; i < seeds.size(); ++i) {
    if (workspace.seeds[i].is_soft) {
      soft.push_back(seeds[i].node);
    }
  }
  workspace.outputs.put<FoldedSeeds>(ensemble::deal_folds(seeds, soft, workspace.config.ensemble));
}

}  // namespace kith::stages
