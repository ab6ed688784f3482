#include "corpus/norms.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "kith/comm/collectives.hpp"
#include "kith/comm/select.hpp"

namespace kith::corpus {
namespace {

/// Index of the smallest value with at least `share` of all at or below it.
Count index_of(double share, Count num_values) {
  const auto rank = static_cast<Count>(std::ceil(share * static_cast<double>(num_values)));
  return std::clamp<Count>(rank, 1, num_values) - 1;
}

}  // namespace

NormSummary summarize_norms(const comm::Communicator& comm, std::span<const float> norms) {
  double least = std::numeric_limits<double>::infinity();
  double most = -least;
  std::array<ExactSum, 1> sum;
  for (const float norm : norms) {
    least = std::min(least, double{norm});
    most = std::max(most, double{norm});
    sum[0].add(double{norm});
  }
  comm::sum_over_ranks(comm, std::span<ExactSum>{sum});
  const Count num_values = comm::sum_over_ranks(comm, count_of(norms));
  NormSummary summary;
  summary.min = static_cast<float>(-comm::max_over_ranks(comm, -least));
  summary.max = static_cast<float>(comm::max_over_ranks(comm, most));
  summary.mean = sum[0].value() / static_cast<double>(num_values);
  std::vector<Count> indices;
  for (const double share : NormSummary::kQuantiles) {
    indices.push_back(index_of(share, num_values));
  }
  const std::vector<float> quantiles = comm::order_statistics(comm, norms, indices);
  std::copy(quantiles.begin(), quantiles.end(), summary.quantiles.begin());
  return summary;
}

}  // namespace kith::corpus
