#include "ensemble/class_mass.hpp"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <numeric>

#include "kith/comm/collectives.hpp"
#include "kith/comm/select.hpp"
#include "kith/comm/stop.hpp"
#include "kith/core/parallel.hpp"
#include "kith/propagate/volume_projection.hpp"

namespace kith::ensemble {
namespace {

constexpr Count kRowsPerChunk = 2048;
constexpr double kCloseEnough = 1e-3;
constexpr int kBiddingRounds = 30;
constexpr double kUnsellable = -100;  // offset of a class without a label to sell

/// Calls work(chunk state, logits) for every row that counts, and fold(chunk state) once a chunk,
/// one after the other. State is default-constructed a chunk.
template <class State, class Work, class Fold>
void for_rows(const Unlabeled& rows, std::size_t width, Work&& work, Fold&& fold) {
  std::mutex merging;
  parallel_for(rows.graph->num_owned(), kRowsPerChunk, [&](Count begin, Count end) {
    State state;
    std::vector<double> logits(width);
    for (Count row = begin; row < end; ++row) {
      if (rows.read(row, logits)) {
        work(state, std::span{logits});
      }
    }
    const std::scoped_lock lock{merging};
    fold(state);
  });
}

std::size_t best_of(std::span<const double> logits, std::span<const double> factors,
                    std::span<const double> offsets) {
  std::size_t best = 0;
  double best_value = 0;
  for (std::size_t label = 0; label < logits.size(); ++label) {
    const double value = logits[label] * factors[label] + offsets[label];
    if (label == 0 || value > best_value) {
      best = label;
      best_value = value;
    }
  }
  return best;
}

/// Collective. Rows by best class.
std::vector<Count> count_best(const Unlabeled& rows, std::span<const double> factors,
                              std::span<const double> offsets) {
  std::vector<Count> counts(factors.size(), 0);
  for_rows<std::vector<Count>>(
      rows, factors.size(),
      [&](std::vector<Count>& mine, std::span<const double> logits) {
        mine.resize(logits.size(), 0);
        ++mine[best_of(logits, factors, offsets)];
      },
      [&](const std::vector<Count>& mine) {
        std::transform(mine.begin(), mine.end(), counts.begin(), counts.begin(), std::plus<>{});
      });
  comm::sum_over_ranks(rows.graph->comm(), std::span{counts});
  return counts;
}

Count total_of(std::span<const Count> counts) {
  return std::accumulate(counts.begin(), counts.end(), Count{0});
}

/// Collective. The rank-th largest (from 1) of all ranks' values.
float nth_largest(const comm::Communicator& comm, std::span<const float> values, Count rank) {
  const Count index = comm::sum_over_ranks(comm, count_of(values)) - rank;
  return comm::order_statistics(comm, values, std::span{&index, 1}).front();
}

/// How much more a row likes `label` than its best other, at the others' prices.
std::vector<float> preferences(const Unlabeled& rows, std::size_t label,
                               std::span<const double> offsets) {
  std::vector<float> all;
  for_rows<std::vector<float>>(
      rows, offsets.size(),
      [&](std::vector<float>& mine, std::span<const double> logits) {
        double other = -1e300;
        for (std::size_t k = 0; k < logits.size(); ++k) {
          other = k == label ? other : std::max(other, logits[k] + offsets[k]);
        }
        mine.push_back(static_cast<float>(logits[label] - other));
      },
      [&](const std::vector<float>& mine) { all.insert(all.end(), mine.begin(), mine.end()); });
  return all;
}

}  // namespace

std::vector<double> volume_weights(const Unlabeled& rows, std::span<const double> prior,
                                   bool are_logs) {
  const auto count = [&](std::span<const double> weights) {
    comm::stop_if_asked(rows.graph->comm());
    std::vector<double> factors(prior.size(), 1.0);
    std::vector<double> offsets(prior.size(), 0.0);
    for (std::size_t label = 0; label < weights.size(); ++label) {
      (are_logs ? offsets : factors)[label] = are_logs ? std::log(weights[label]) : weights[label];
    }
    return count_best(rows, factors, offsets);
  };
  return propagate::volume_weights(propagate::kGraphLearningVolume, prior, count);
}

std::vector<double> bidding_weights(const Unlabeled& rows, std::span<const double> prior) {
  const comm::Communicator& comm = rows.graph->comm();
  const std::vector<double> ones(prior.size(), 1.0);
  std::vector<double> offsets(prior.size(), 0.0);
  for (int round = 0; round < kBiddingRounds; ++round) {
    comm::stop_if_asked(comm);
    const std::vector<Count> counts = count_best(rows, ones, offsets);
    const Count total = total_of(counts);
    const auto wanted = [&](std::size_t label) {
      return static_cast<Count>(std::llround(prior[label] * static_cast<double>(total)));
    };
    Count farthest = 0;
    for (std::size_t label = 0; label < prior.size(); ++label) {
      farthest = std::max(farthest, std::abs(counts[label] - wanted(label)));
    }
    if (total == 0 || farthest <= static_cast<Count>(kCloseEnough * static_cast<double>(total))) {
      break;
    }
    for (std::size_t label = 0; label < prior.size(); ++label) {
      const Count places = std::min(wanted(label), total);
      offsets[label] = places == 0
                           ? kUnsellable
                           : -double{nth_largest(comm, preferences(rows, label, offsets), places)};
    }
  }
  std::vector<double> weights;
  for (const double offset : offsets) {
    weights.push_back(std::exp(offset));
  }
  return weights;
}

}  // namespace kith::ensemble
