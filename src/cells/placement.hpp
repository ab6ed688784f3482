/// Which rank keeps which cells, and the way of the rows there.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kith/cells/cells.hpp"
#include "kith/cells/layout.hpp"

#include "cells/quantizer.hpp"

namespace kith::cells {

/// Collective. Sizes of all cells.
[[nodiscard]] std::vector<Count> count_cells(const comm::Communicator& comm,
                                             std::span<const std::int32_t> homes, Count num_cells);

/// Collective. The scan work of each cell: comparisons of its items with the cells nearest to it,
/// which are most of the work however many are searched in the end.
[[nodiscard]] LayoutPlan plan_layout(const comm::Communicator& comm, const Quantizer& quantizer,
                                     std::vector<Count> cell_sizes);

/// Collective. Rows to the rank of their home cell, sorted into position order. homes: of the rows
/// of this rank's block.
void move_rows(const comm::Communicator& comm, std::span<const std::int32_t> homes,
               GlobalId first_row, Shard& shard);

/// Planned work of the busiest rank over the mean.
[[nodiscard]] double predicted_imbalance(const LayoutPlan& plan, const CellLayout& layout);

}  // namespace kith::cells
