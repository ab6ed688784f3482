#include <algorithm>
#include <array>
#include <limits>

#include "kith/core/parallel.hpp"

#include "heads/cross_fit.hpp"
#include "heads/methods/registry.hpp"
#include "heads/nearest_votes.hpp"
#include "heads/task.hpp"

namespace kith::heads {
namespace {

const Parameter kNeighbors{.name = "neighbors",
                           .help = "nearest seeds that vote",
                           .fallback = 20,
                           .range = {1, 1000},
                           .is_whole = true};
const Parameter kBandwidth{.name = "bandwidth",
                           .help =
                               "width of the kernel over the squared distance of the farthest "
                               "neighbor; 0: chosen on held-out seeds",
                           .fallback = 0,
                           .range = {1e-3, 1e3, true}};
const Parameter kPriorWeight{.name = "prior_weight",
                             .help =
                                 "weight of the shares of all seeds beside the nearest one; "
                                 "0: chosen on held-out seeds",
                             .fallback = 0,
                             .range = {1e-6, 1e3, true}};

constexpr Kernel kUsual{.bandwidth = 0.1, .prior_weight = 0.3};

Model model_of(const Part& part, int neighbors, const Kernel& kernel) {
  const Data& data = *part.data;
  Model model = empty_model(data);
  model.parameters = {{kNeighbors.name, neighbors},
                      {kBandwidth.name, kernel.bandwidth},
                      {kPriorWeight.name, kernel.prior_weight}};
  std::int32_t seed = 0;
  for (const RowRange& range : part.ranges) {
    const auto rows = data.rows_of(range);
    model.seed_vectors.insert(model.seed_vectors.end(), rows.begin(), rows.end());
    for (Count row = range.begin; row < range.end; ++row, ++seed) {
      for (const Target& target : data.targets_of(row)) {
        const double weight = target.weight * part.factors[to_size(target.column)];
        model.seed_labels.push_back(
            {seed, data.classes[to_size(target.column)], static_cast<float>(weight)});
      }
    }
  }
  return model;
}

/// Kernels to try: one that is set stays.
std::vector<Kernel> candidates(double bandwidth, double prior_weight) {
  constexpr std::array kBandwidths{0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0};
  constexpr std::array kPriorWeights{0.03, 0.1, 0.3, 1.0, 3.0};
  std::vector<Kernel> kernels;
  for (const double width : kBandwidths) {
    for (const double weight : kPriorWeights) {
      kernels.push_back(
          {bandwidth > 0 ? bandwidth : width, prior_weight > 0 ? prior_weight : weight});
    }
  }
  return kernels;
}

class NearestSeedVectors : public Method {
 public:
  NearestSeedVectors()
      : Method{{.name = "nearest_seed_vectors",
                .citation = "T. M. Cover and P. E. Hart, IEEE Trans. Inf. Theory 13 (1967), with a "
                            "kernel of locally scaled width",
                .parameters = {kNeighbors, kBandwidth, kPriorWeight},
                .keeps_rows = true}} {}

 private:
  [[nodiscard]] Fits learn(const Task& task) const override {
    const int neighbors = static_cast<int>(task.parameter(kNeighbors));
    const double bandwidth = task.parameter(kBandwidth);
    const double prior_weight = task.parameter(kPriorWeight);
    Kernel kernel{bandwidth > 0 ? bandwidth : kUsual.bandwidth,
                  prior_weight > 0 ? prior_weight : kUsual.prior_weight};
    if (task.data.num_folds() > 0 && (bandwidth == 0 || prior_weight == 0)) {
      kernel = best_of(candidates(bandwidth, prior_weight), task, neighbors);
    }
    Fits fits;
    fits.model = model_of(task.part(-1), neighbors, kernel);
    for (int fold = 0; fold < task.data.num_folds(); ++fold) {
      fits.folds.push_back(model_of(task.part(fold), neighbors, kernel));
    }
    return fits;
  }

  static Kernel best_of(std::span<const Kernel> kernels, const Task& task, int neighbors) {
    const Part whole = task.part(-1);
    std::vector<LossSum> sums(kernels.size());
    for (int fold = 0; fold < task.data.num_folds(); ++fold) {
      const NearestVotes votes{model_of(task.part(fold), neighbors, kUsual)};
      add_losses(kernels, task.data, fold, votes, whole.factors, sums);
    }
    const auto best =
        std::min_element(sums.begin(), sums.end(),
                         [](const LossSum& a, const LossSum& b) { return a.mean() < b.mean(); });
    return kernels[to_size(best - sums.begin())];
  }

  /// Of rows of a fold, evenly spread over it if it is large.
  static void add_losses(std::span<const Kernel> kernels, const Data& data, int fold,
                         const NearestVotes& votes, std::span<const double> factors,
                         std::span<LossSum> sums) {
    constexpr Count kMostRows = 1024;
    constexpr Count kRowsAtOnce = 64;
    const RowRange range = data.fold_rows[to_size(fold)];
    const Count num_rows = std::min(range.size(), kMostRows);
    const std::size_t k = to_size(votes.num_nearest());
    std::vector<std::vector<LossSum>> parts(to_size((num_rows + kRowsAtOnce - 1) / kRowsAtOnce));
    parallel_for(num_rows, kRowsAtOnce, [&](Count begin, Count end) {
      std::vector<float> rows;
      std::vector<Count> numbers;
      for (Count i = begin; i < end; ++i) {
        numbers.push_back(range.begin + i * range.size() / num_rows);
        const auto row = data.row(numbers.back());
        rows.insert(rows.end(), row.begin(), row.end());
      }
      const std::vector<distance::Neighbor> nearest = votes.nearest(rows);
      std::vector<LossSum>& part = parts[to_size(begin / kRowsAtOnce)];
      for (const Kernel& kernel : kernels) {
        LossSum sum;
        for (std::size_t i = 0; i < numbers.size(); ++i) {
          sum.add(loss_of(data.targets_of(numbers[i]), std::span{nearest}.subspan(i * k, k), kernel,
                          votes, data, factors));
        }
        part.push_back(sum);
      }
    });
    for (const std::vector<LossSum>& part : parts) {
      for (std::size_t i = 0; i < sums.size(); ++i) {
        sums[i].add(part[i]);
      }
    }
  }

  static LossSum loss_of(std::span<const Target> targets,
                         std::span<const distance::Neighbor> nearest, const Kernel& kernel,
                         const NearestVotes& votes, const Data& data,
                         std::span<const double> factors) {
    std::vector<float> probabilities(votes.classes().size());
    votes.count(nearest, kernel, probabilities);
    LossSum sum;
    for (const Target& target : targets) {
      const Label label = data.classes[to_size(target.column)];
      const auto found = std::lower_bound(votes.classes().begin(), votes.classes().end(), label);
      const bool is_known = found != votes.classes().end() && *found == label;
      const double probability =
          is_known ? double{probabilities[to_size(found - votes.classes().begin())]} : 0.0;
      const double weight = target.weight * factors[to_size(target.column)];
      sum.add({weight * log_loss_of(probability), weight});
    }
    return sum;
  }
};

}  // namespace

const Method& nearest_seed_vectors() {
  static const NearestSeedVectors kMethod;
  return kMethod;
}

}  // namespace kith::heads
