#include "stages/label_model/weak_weight.hpp"

#include "stages/folds.hpp"
#include "stages/heads/head_vectors.hpp"
#include "stages/label_model/weak_seeds.hpp"

namespace kith::stages {

TeachingWeight choose_weak_weight(run::Workspace& workspace, std::vector<corpus::Seed> weak) {
  workspace.outputs.put<WeakSeeds>({std::move(weak)});
  need_folds(workspace);
  TeachingWeight chosen;
  {
    const HeadVectors vectors{workspace, ""};
    chosen = choose_weight(workspace, vectors.training_set(),
                           workspace.outputs.get<FoldedSeeds>().size(), vectors.are_unit());
  }
  workspace.outputs.drop<WeakSeeds>();  // they lack their weight
  return chosen;
}

}  // namespace kith::stages
