#include "kith/qa/shapley.hpp"

namespace kith::qa {

void add_knn_shapley_gains(Label query, std::span<const Label> neighbors, std::span<Count> gains) {
  if (neighbors.empty()) {
    return;
  }
  const Count last = neighbors.back() == query ? 1 : 0;
  for (std::size_t r = 0; r < neighbors.size(); ++r) {
    gains[r] += (neighbors[r] == query ? 1 : 0) - last;
  }
}

}  // namespace kith::qa
