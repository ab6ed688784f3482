#include "kith/cells/layout.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "kith/cells/cells.hpp"

namespace kith::cells {

CellLayout::CellLayout(std::vector<Position> first_node, std::vector<CellId> first_cell_of_rank)
    : first_node_{std::move(first_node)}, first_cell_of_rank_{std::move(first_cell_of_rank)} {
}

IdRange<Position> CellLayout::nodes_of(CellId cell) const {
  return {first_node_[to_size(cell)], first_node_[to_size(cell) + 1]};
}

IdRange<Position> CellLayout::nodes_of(Rank rank) const {
  const IdRange<CellId> cells = cells_of(rank);
  return {first_node_[to_size(cells.begin)], first_node_[to_size(cells.end)]};
}

IdRange<CellId> CellLayout::cells_of(Rank rank) const {
  return {first_cell_of_rank_[to_size(rank)], first_cell_of_rank_[to_size(rank) + 1]};
}

Rank CellLayout::owner(CellId cell) const {
  const auto next =
      std::upper_bound(first_cell_of_rank_.begin(), first_cell_of_rank_.end() - 1, cell);
  return Rank{static_cast<int>(next - first_cell_of_rank_.begin()) - 1};
}

Rank CellLayout::owner(Position node) const {
  return owner(cell_at(node));
}

CellId CellLayout::cell_at(Position node) const {
  // The last cell that begins at or before the node: empty cells before it begin there too.
  const auto next = std::upper_bound(first_node_.begin(), first_node_.end() - 1, node);
  return CellId{static_cast<std::int32_t>(next - first_node_.begin()) - 1};
}

CellLayout make_layout(const LayoutPlan& plan, int num_ranks) {
  std::vector<Position> first_node{Position{0}};
  for (const Count size : plan.cell_sizes) {
    first_node.emplace_back(first_node.back().value() + size);
  }
  const Count total = std::accumulate(plan.cell_work.begin(), plan.cell_work.end(), Count{0});
  std::vector<CellId> first_cell{CellId{0}};
  Count done = 0;
  std::int32_t cell = 0;
  const auto num_cells = static_cast<std::int32_t>(plan.cell_sizes.size());
  for (int rank = 1; rank < num_ranks; ++rank) {
    const auto share = static_cast<Count>(static_cast<double>(total) * rank / num_ranks);
    // A cell goes to the rank that holds the larger part of its work.
    while (cell < num_cells && done + plan.cell_work[to_size(cell)] / 2 < share) {
      done += plan.cell_work[to_size(cell++)];
    }
    first_cell.emplace_back(cell);
  }
  first_cell.emplace_back(num_cells);
  return CellLayout{std::move(first_node), std::move(first_cell)};
}

}  // namespace kith::cells
