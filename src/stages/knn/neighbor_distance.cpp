#include "stages/knn/neighbor_distance.hpp"

#include <cmath>

#include "kith/comm/collectives.hpp"
#include "kith/comm/select.hpp"

namespace kith::stages {

std::vector<float> mean_neighbor_distances(const NeighborLists& lists) {
  std::vector<float> means;
  const auto k = to_size(lists.k);
  means.reserve(lists.distances.size() / k);
  for (std::size_t first = 0; first < lists.distances.size(); first += k) {
    double sum = 0;
    for (std::size_t i = 0; i < k; ++i) {
      sum += std::sqrt(double{lists.distances[first + i]});
    }
    means.push_back(static_cast<float>(sum / static_cast<double>(k)));
  }
  return means;
}

float median_over_ranks(const comm::Communicator& comm, std::span<const float> values) {
  const Count total = comm::sum_over_ranks(comm, count_of(values));
  const Count index = (total - 1) / 2;
  return total == 0 ? 0 : comm::order_statistics(comm, values, std::span{&index, 1}).front();
}

}  // namespace kith::stages
