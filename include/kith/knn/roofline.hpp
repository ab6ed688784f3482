/// What the cores at hand could do at best: what the scan's rate is compared with.
#pragma once

#include "kith/comm/communicator.hpp"

namespace kith::knn {

/// Collective. Multiplications and additions a second of the BLAS's sgemm on square products of
/// `dim` deep matrices, each thread its own, all ranks together. Takes about a tenth of a second.
[[nodiscard]] double measure_sgemm(const comm::Communicator& comm, Count dim);

}  // namespace kith::knn
