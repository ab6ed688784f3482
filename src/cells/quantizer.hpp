/// Training of the two levels and assignment of items to cells.
#pragma once

#include <span>
#include <vector>

#include "kith/cells/cells.hpp"
#include "kith/distance/panels.hpp"

#include "cells/regions.hpp"

namespace kith::cells {

/// The trained regions: cells numbered group by group, so that near in number is near in space.
struct Quantizer {
  Count dim = 0;
  std::vector<float> group_centroids;   // groups x dim
  std::vector<Count> group_first_cell;  // groups + 1
  std::vector<float> cell_centroids;    // cells x dim

  [[nodiscard]] Count num_groups() const { return count_of(group_first_cell) - 1; }
  [[nodiscard]] Count num_cells() const { return group_first_cell.back(); }
};

/// Collective. From the sample items of all ranks; the same quantizer on every rank.
[[nodiscard]] Quantizer train_quantizer(const comm::Communicator& comm, const Sample& sample,
                                        Count dim, Count num_cells, std::uint64_t seed);

/// Collective. Cuts cells of more than `most_items` items into parts of about `part_items`, by
/// k-means of their sample items. cell_sizes: items of each cell, over all ranks.
[[nodiscard]] Quantizer balance_cells(const comm::Communicator& comm, const Quantizer& quantizer,
                                      const Sample& sample, std::span<const Count> cell_sizes,
                                      Count part_items, Count most_items, std::uint64_t seed);

/// Takes cells without an item out. Returns the new number of each cell, none if it is gone.
[[nodiscard]] std::vector<CellId> drop_empty_cells(Quantizer& quantizer,
                                                   std::span<const Count> cell_sizes);

/// Finds home cells: the few nearest groups, then the nearest cell in them.
class Assigner {
 public:
  explicit Assigner(const Quantizer& quantizer);

  /// The cell of each point; parallel_for inside.
  [[nodiscard]] std::vector<CellId> assign(std::span<const float> points) const;

 private:
  const Quantizer* quantizer_;
  distance::Panels groups_;
  std::vector<distance::Panels> cells_;  // of each group
};

}  // namespace kith::cells
