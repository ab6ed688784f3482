// Which instruction sets the kernels are compiled for, and the first choice among them.
#pragma once

// Vectors of unknown length cannot be held in arrays; machines that have them also have NEON, or
// get the emulated target.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)

namespace kith::distance {

/// Chooses the instruction set at the first call (see target_name()); cheap afterwards.
void choose_target_once();

}  // namespace kith::distance
