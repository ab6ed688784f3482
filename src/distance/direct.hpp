// Kernels over whole rows: batches of direct distances, and packing.
#pragma once

#include <span>

#include "kith/core/types.hpp"

namespace kith::distance {

/// 16 rows less an origin to [dim][16], and half the squared norm of each.
struct PackJob {
  const float* const* rows;
  const float* origin;
  Count dim;
  float* panel;
  float* half_norms;
};
void pack_panel(const PackJob& job);

}  // namespace kith::distance
