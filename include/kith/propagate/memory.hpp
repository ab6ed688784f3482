/// Bytes of label state, as the engines allocate it: for passes that fit into memory, and for
/// plans.
#pragma once

#include <span>

#include "kith/core/types.hpp"
#include "kith/propagate/task.hpp"

namespace kith::propagate {

/// Columns of a panel: eight of the widest vectors, so that an edge is read once for all of them,
/// and few enough that the rows near by in cell order stay in the cache.
inline constexpr Count kPanelColumns = 128;

/// Columns that tasks of these widths take together: dealt to panels in their order, with padding.
[[nodiscard]] Count panel_columns(std::span<const Count> widths);

/// Of one label column.
struct ColumnBytes {
  Count owned = 0;  // of a node of the rank
  Count ghost = 0;  // of a copy of another rank's
  Count value = 0;  // sent for a node
};

/// Of the engine that carries a task with this solver out, all classes a row.
[[nodiscard]] ColumnBytes column_bytes(const SolverConfig& solver);

/// Of a row that keeps `top` labels, once; an engine keeps two.
[[nodiscard]] Count truncated_row_bytes(const SolverConfig& solver, int top);

/// Bytes of label state that a rank needs for one task whose rows are truncated. Local nodes are
/// owned ones and ghosts.
[[nodiscard]] Count truncated_state_bytes(Count local_nodes, const Task& task, int top);

}  // namespace kith::propagate
