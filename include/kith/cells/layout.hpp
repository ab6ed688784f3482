/// Which node lies in which cell, and which cell on which rank.
#pragma once

#include <vector>

#include "kith/core/types.hpp"

namespace kith::cells {

/// Replicated on every rank. Cells are numbered 0..num_cells-1, some may be empty; positions run
/// through the cells in order; a rank owns consecutive cells, perhaps none.
class CellLayout {
 public:
  CellLayout() = default;
  /// first_node: num_cells + 1 entries; first_cell_of_rank: num_ranks + 1 entries.
  CellLayout(std::vector<Position> first_node, std::vector<CellId> first_cell_of_rank);

  [[nodiscard]] Count num_cells() const { return count_of(first_node_) - 1; }
  [[nodiscard]] Count num_nodes() const { return first_node_.back().value(); }
  [[nodiscard]] int num_ranks() const { return static_cast<int>(first_cell_of_rank_.size()) - 1; }

  [[nodiscard]] IdRange<Position> nodes_of(CellId cell) const;
  [[nodiscard]] IdRange<Position> nodes_of(Rank rank) const;
  [[nodiscard]] IdRange<CellId> cells_of(Rank rank) const;
  [[nodiscard]] Rank owner(CellId cell) const;
  [[nodiscard]] Rank owner(Position node) const;
  [[nodiscard]] CellId cell_at(Position node) const;

 private:
  std::vector<Position> first_node_;
  std::vector<CellId> first_cell_of_rank_;
};

}  // namespace kith::cells
