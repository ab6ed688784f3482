/// The entries of the list, one a stage: defined where the stage is.
#pragma once

#include "kith/run/stage.hpp"

namespace kith::stages {

[[nodiscard]] const run::Stage& check_stage();
[[nodiscard]] const run::Stage& cells_stage();
[[nodiscard]] const run::Stage& knn_stage();
[[nodiscard]] const run::Stage& graph_stage();
[[nodiscard]] const run::Stage& label_model_stage();
[[nodiscard]] const run::Stage& reference_stage();
[[nodiscard]] const run::Stage& heads_stage();
[[nodiscard]] const run::Stage& propagate_stage();
[[nodiscard]] const run::Stage& ensemble_stage();
[[nodiscard]] const run::Stage& qa_stage();

}  // namespace kith::stages
