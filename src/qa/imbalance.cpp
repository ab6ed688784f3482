#include "kith/qa/imbalance.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <boost/math/distributions/binomial.hpp>

namespace kith::qa {
namespace {

constexpr Count kMostItems = Count{1} << 50;  // nobody labels more, however rare the class

Count smallest_occurring(std::span<const Count> counts) {
  Count smallest = 0;
  for (const Count count : counts) {
    smallest = count > 0 && (smallest == 0 || count < smallest) ? count : smallest;
  }
  return smallest;
}

double sum_of(std::span<const Count> counts) {
  return static_cast<double>(std::accumulate(counts.begin(), counts.end(), Count{0}));
}

double num_occurring(std::span<const Count> counts) {
  return static_cast<double>(
      std::count_if(counts.begin(), counts.end(), [](Count count) { return count > 0; }));
}

Count largest_of(std::span<const Count> counts) {
  return counts.empty() ? 0 : *std::max_element(counts.begin(), counts.end());
}

}  // namespace

ClassMix measure_class_mix(std::span<const Count> counts) {
  ClassMix mix;
  const double total = sum_of(counts);
  for (const Count count : counts) {
    const double share = count > 0 ? static_cast<double>(count) / total : 0.0;
    mix.entropy -= share > 0 ? share * std::log(share) : 0.0;
    mix.absent += count == 0 ? 1 : 0;
  }
  mix.effective_classes = total > 0 ? std::exp(mix.entropy) : 0.0;
  if (total > 0) {
    mix.ratio =
        static_cast<double>(largest_of(counts)) / static_cast<double>(smallest_occurring(counts));
  }
  return mix;
}

std::vector<double> inverse_weights(std::span<const Count> counts) {
  std::vector<double> weights;
  for (const Count count : counts) {
    weights.push_back(
        count > 0 ? sum_of(counts) / num_occurring(counts) / static_cast<double>(count) : 0.0);
  }
  return weights;
}

std::vector<double> effective_number_weights(std::span<const Count> counts, double beta) {
  std::vector<double> weights;
  double sum = 0;
  for (const Count count : counts) {
    const double effective =
        beta > 0 ? -std::expm1(static_cast<double>(count) * std::log(beta)) : 1.0;
    weights.push_back(count > 0 ? (1 - beta) / effective : 0.0);
    sum += weights.back();
  }
  for (double& weight : weights) {
    weight *= sum > 0 ? num_occurring(counts) / sum : 0.0;
  }
  return weights;
}

std::vector<Count> undersampled_counts(std::span<const Count> counts, double ratio) {
  const auto most =
      static_cast<Count>(std::floor(ratio * static_cast<double>(smallest_occurring(counts))));
  std::vector<Count> kept;
  for (const Count count : counts) {
    kept.push_back(std::min(count, most));
  }
  return kept;
}

std::vector<Count> oversampling_repeats(std::span<const Count> counts, double ratio) {
  const double least = static_cast<double>(largest_of(counts)) / ratio;
  std::vector<Count> repeats;
  for (const Count count : counts) {
    repeats.push_back(
        count > 0
            ? std::max<Count>(1, static_cast<Count>(std::ceil(least / static_cast<double>(count))))
            : 0);
  }
  return repeats;
}

std::vector<ClassShare> corrected_class_shares(std::span<const Count> stated,
                                               const Confusion& audited) {
  const double total = std::max(1.0, sum_of(stated));
  std::vector<ClassShare> shares(stated.size());
  std::vector<double> variances(stated.size(), 0.0);
  std::vector<double> audited_as(stated.size(), 0.0);  // items audited of each stated class
  const std::vector<ConfusionCount> counts = audited.counts();
  for (const ConfusionCount& count : counts) {
    if (!count.stated.is_none()) {
      audited_as[to_size(count.stated)] += static_cast<double>(count.items);
    }
  }
  double unseen = 0;
  double audited_items = 0;
  for (std::size_t k = 0; k < stated.size(); ++k) {
    const double weight = static_cast<double>(stated[k]) / total;
    shares[k].stated = weight;
    audited_items += audited_as[k];
    if (audited_as[k] == 0) {
      shares[k].corrected += weight;
      unseen += weight;
    }
  }
  for (const ConfusionCount& count : counts) {
    if (count.stated.is_none()) {
      continue;
    }
    const double weight = shares[to_size(count.stated)].stated;
    const double n = audited_as[to_size(count.stated)];
    const double p = static_cast<double>(count.items) / n;
    shares[to_size(count.truth)].corrected += weight * p;
    variances[to_size(count.truth)] += weight * weight * p * (1 - p) / std::max(1.0, n - 1);
  }
  for (std::size_t k = 0; k < shares.size(); ++k) {
    const double p = shares[k].corrected;
    const double size = variances[k] > 0 ? p * (1 - p) / variances[k] : audited_items;
    const Interval interval = wilson(p * size, size);
    shares[k].interval = {std::max(0.0, interval.low - unseen),
                          std::min(1.0, interval.high + unseen)};
  }
  return shares;
}

std::vector<Count> seeds_needed(std::span<const Count> seeds, Count wanted) {
  std::vector<Count> missing;
  for (const Count count : seeds) {
    missing.push_back(std::max<Count>(0, wanted - count));
  }
  return missing;
}

Count random_labels_for(double share, Count seeds, double confidence) {
  if (seeds <= 0 || share >= 1) {
    return std::max<Count>(0, seeds);
  }
  const auto is_enough = [&](Count items) {
    const boost::math::binomial drawn{static_cast<double>(items), share};
    return boost::math::cdf(boost::math::complement(drawn, static_cast<double>(seeds - 1))) >=
           confidence;
  };
  Count low = seeds - 1;
  Count high = seeds;
  while (high < kMostItems && !is_enough(high)) {
    low = high;
    high = std::min(kMostItems, 2 * high);
  }
  while (high - low > 1) {
    const Count middle = low + (high - low) / 2;
    (is_enough(middle) ? high : low) = middle;
  }
  return high;
}

}  // namespace kith::qa
