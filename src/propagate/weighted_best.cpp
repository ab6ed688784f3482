#include "propagate/weighted_best.hpp"

#include <algorithm>
#include <functional>
#include <mutex>

#include "kith/comm/collectives.hpp"
#include "kith/core/parallel.hpp"

namespace kith::propagate {
namespace {

constexpr Count kNodesPerChunk = 4096;

}  // namespace

std::int32_t weighted_best(std::span<const float> values, std::span<const double> weights) {
  std::int32_t best = -1;
  double best_value = 0;
  bool reached = false;
  for (std::size_t label = 0; label < values.size(); ++label) {
    reached = reached || values[label] != 0.0F;
    const double value = values[label] * weights[label];
    if (best < 0 || value > best_value) {
      best = static_cast<std::int32_t>(label);
      best_value = value;
    }
  }
  return reached ? best : -1;
}

std::vector<Count> count_best(const comm::Communicator& comm, Count num_rows,
                              std::span<const double> weights,
                              const std::function<std::span<const float>(Count)>& read) {
  std::vector<Count> counts(weights.size(), 0);
  std::mutex merging;
  parallel_for(num_rows, kNodesPerChunk, [&](Count begin, Count end) {
    std::vector<Count> mine(weights.size(), 0);
    for (Count row = begin; row < end; ++row) {
      const std::int32_t best = weighted_best(read(row), weights);
      if (best >= 0) {
        ++mine[to_size(best)];
      }
    }
    const std::scoped_lock lock{merging};
    std::transform(mine.begin(), mine.end(), counts.begin(), counts.begin(), std::plus<>{});
  });
  comm::sum_over_ranks(comm, counts);
  return counts;
}

}  // namespace kith::propagate
