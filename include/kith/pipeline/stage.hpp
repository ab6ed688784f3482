/// The stages of `kith run`.
#pragma once

namespace kith::pipeline {

/// The stages of `kith run`, in order. A stage depends on all before it, but no graph depends on
/// check.
enum class Stage { check, cells, knn, graph, propagate, ensemble, qa };
inline constexpr int kNumStages = 7;
[[nodiscard]] const char* to_string(Stage stage);

}  // namespace kith::pipeline
