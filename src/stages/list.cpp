#include "stages/list.hpp"

#include "kith/stages/stages.hpp"

namespace kith::stages {

const run::StageList& all() {
  static const run::StageList kStages{{&check_stage(), &cells_stage(), &knn_stage(), &graph_stage(),
                                       &label_model_stage(), &reference_stage(), &heads_stage(),
                                       &propagate_stage(), &ensemble_stage(), &qa_stage()}};
  return kStages;
}

}  // namespace kith::stages
