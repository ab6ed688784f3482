/// Which cells are searched for the neighbors of a node.
#pragma once

#include <span>
#include <vector>

#include "kith/cells/cells.hpp"

namespace kith::cells {

/// Finds the cells that nodes probe: the home cell, then those with the nearest centroids among the
/// cells around it.
class ProbeFinder {
 public:
  /// Local, on all threads. Needs shard.centroids and shard.vectors, which must outlive it.
  /// most_probes: the largest number that will be asked for. Cost: owned cells x cells x dim.
  ProbeFinder(const Shard& shard, int most_probes);

  /// Local. The probes of owned rows of one cell, num_rows x num_probes, nearest first after the
  /// home cell; none where there are fewer cells. Cost: num_rows x 256 x dim, with more than 85
  /// probes num_rows x 3 num_probes x dim.
  [[nodiscard]] std::vector<CellId> find(CellId home, Count first_row, Count num_rows,
                                         int num_probes) const;

 private:
  const Shard* shard_;
  CellId first_owned_;
  Count num_around_;            // cells around a cell, itself among them
  std::vector<CellId> around_;  // owned cells x num_around_, by the distance of their centroids
};

/// Local, on all threads. Sets shard.probes of all owned nodes, num_probes each or as many as there
/// are cells. Needs shard.centroids and shard.vectors.
void find_probes(Shard& shard, int num_probes);

}  // namespace kith::cells
