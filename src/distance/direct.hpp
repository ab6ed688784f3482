// Kernels over whole rows: batches of direct distances, and packing.
#pragma once

#include <span>

#include "kith/core/types.hpp"

namespace kith::distance {

/// 16 rows of one panel to [dim][16], and the half squared norm of each.
struct PackJob {
  const float* const* rows;
  Count dim;
  float* panel;
  float* half_norms;
};
void pack_panel(const PackJob& job);

}  // namespace kith::distance
