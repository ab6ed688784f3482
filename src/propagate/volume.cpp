#include "propagate/volume.hpp"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <numeric>

#include "kith/comm/collectives.hpp"
#include "kith/core/parallel.hpp"

namespace kith::propagate {
namespace {

constexpr int kMaxSteps = 100;
constexpr double kStep = 10;
constexpr double kSmallest = 0.5;
constexpr double kLargest = 2;
constexpr double kCloseEnough = 1e-3;
constexpr Count kRowsPerChunk = 4096;

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

std::vector<double> volume_weights(const comm::Communicator& comm, Count num_rows,
                                   std::span<const double> prior,
                                   const std::function<std::span<const float>(Count)>& read) {
  std::vector<double> weights(prior.size(), 1.0);
  for (int step = 0; step < kMaxSteps; ++step) {
    std::vector<Count> counts(prior.size(), 0);
    std::mutex merging;
    parallel_for(num_rows, kRowsPerChunk, [&](Count begin, Count end) {
      std::vector<Count> mine(prior.size(), 0);
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
    const auto total = static_cast<double>(
        std::max<Count>(1, std::accumulate(counts.begin(), counts.end(), Count{0})));
    const auto missing = [&](std::size_t label) {
      return prior[label] - static_cast<double>(counts[label]) / total;
    };
    double farthest = 0;
    for (std::size_t label = 0; label < prior.size(); ++label) {
      farthest = std::max(farthest, std::abs(missing(label)));
    }
    if (farthest < kCloseEnough) {
      break;
    }
    for (std::size_t label = 0; label < prior.size(); ++label) {
      weights[label] = std::clamp(weights[label] + kStep * missing(label), kSmallest, kLargest);
    }
  }
  return weights;
}

}  // namespace kith::propagate
