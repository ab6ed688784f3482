/// Which tasks share an array of state.
#pragma once

#include <span>
#include <vector>

#include "kith/core/types.hpp"

namespace kith::propagate {

inline constexpr Count kRowsPerChunk = 512;  // of loops over rows

/// Columns rounded up to whole blocks.
[[nodiscard]] Count padded(Count columns);

/// Deals tasks to panels of at most kPanelColumns columns in their order; a wider task has a panel
/// of its own. widths: columns of each task. Returns the tasks of each panel.
[[nodiscard]] std::vector<std::vector<std::size_t>> deal_panels(std::span<const Count> widths);

}  // namespace kith::propagate
