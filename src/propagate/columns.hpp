/// Which tasks share an array of state.
#pragma once

#include <span>
#include <vector>

#include "kith/core/types.hpp"

namespace kith::propagate {

/// Columns of a panel: eight of the widest vectors, so that an edge is read once for all of them,
/// and few enough that the rows near by in cell order stay in the cache.
inline constexpr Count kPanelColumns = 128;

/// Columns rounded up to whole blocks.
[[nodiscard]] Count padded(Count columns);

/// Deals tasks to panels of at most kPanelColumns columns in their order; a wider task has a panel
/// of its own. widths: columns of each task. Returns the tasks of each panel.
[[nodiscard]] std::vector<std::vector<std::size_t>> deal_panels(std::span<const Count> widths);

/// Columns of all panels with their padding.
[[nodiscard]] Count panel_columns(std::span<const Count> widths);

}  // namespace kith::propagate
