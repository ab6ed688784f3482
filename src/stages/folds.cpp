#include "stages/folds.hpp"

#include <map>
#include <set>

#include "kith/comm/agree.hpp"
#include "kith/core/random.hpp"
#include "kith/layout/node_maps.hpp"

#include "stages/cells/cells_output.hpp"
#include "stages/label_model/weak_seeds.hpp"

namespace kith::stages {

IdRange<Position> owned_nodes(const run::Workspace& workspace) {
  return workspace.outputs.get<cells::Shard>().layout.nodes_of(workspace.comm.rank());
}

namespace {

/// Collective.
WeakNodes weak_nodes(run::Workspace& workspace) {
  need_weak_seeds(workspace);
  std::map<std::pair<Position, Label>, float> weights;
  for (const propagate::NodeSeed& seed :
       layout::seeds_on_nodes(workspace.outputs.get<cells::Shard>(), workspace.outputs.get<Items>(),
                              workspace.outputs.get<WeakSeeds>().seeds)) {
    weights[{seed.node, seed.label}] += seed.weight;
  }
  WeakNodes nodes;
  for (const auto& [entry, weight] : weights) {
    nodes.seeds.push_back({entry.first, entry.second, weight});
  }
  return nodes;
}

}  // namespace

FoldedSeeds training_entries(const run::Workspace& workspace) {
  constexpr std::uint64_t kFolds = 5;
  constexpr std::size_t kEnoughNodes = 50;  // for a choice, and so that none of the folds has all
  FoldedSeeds entries = workspace.outputs.get<FoldedSeeds>();
  std::set<Position> known;
  for (const ensemble::FoldedSeed& entry : entries) {
    known.insert(entry.seed.node);
  }
  const std::vector<propagate::NodeSeed>& weak = workspace.outputs.get<WeakNodes>().seeds;
  std::set<Position> nodes;
  for (const propagate::NodeSeed& seed : weak) {
    nodes.insert(seed.node);
  }
  const bool has_folds = known.empty() && nodes.size() >= kEnoughNodes;
  for (const propagate::NodeSeed& seed : weak) {
    const auto hash =
        random_bits(workspace.config.run.seed, Purpose::weak_seeds, seed.node.value(), 1);
    if (!known.contains(seed.node)) {
      entries.push_back({seed, has_folds ? static_cast<int>(hash % kFolds) : -1});
    }
  }
  return entries;
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
  workspace.outputs.put<WeakNodes>(weak_nodes(workspace));
}

}  // namespace kith::stages
