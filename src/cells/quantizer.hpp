/// Training of the two levels and assignment of items to cells.
#pragma once

#include <span>
#include <vector>

#include "kith/cells/cells.hpp"
#include "kith/distance/panels.hpp"

namespace kith::cells {

/// Collective. Sample items of this rank (count x dim) with their rows; the same quantizer on every
/// rank.
[[nodiscard]] Quantizer train_quantizer(const comm::Communicator& comm,
                                        std::span<const GlobalId> sample_rows,
                                        std::span<const float> sample, Count dim, Count num_cells,
                                        std::uint64_t seed);

/// Finds cells: the few nearest groups, then the nearest cells in them.
class Assigner {
 public:
  explicit Assigner(const Quantizer& quantizer);

  /// The nearest `probes` cells of each point, nearest first; parallel_for inside.
  [[nodiscard]] std::vector<CellId> assign(std::span<const float> points, int probes) const;

 private:
  const Quantizer* quantizer_;
  distance::Panels groups_;
  std::vector<distance::Panels> cells_;  // of each group
};

}  // namespace kith::cells
