#include "kith/qa/corpus_accuracy.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace kith::qa {
namespace {

constexpr double kFoldVariance = 2.25;

AccuracyEstimate at_random(std::span<const std::uint8_t> is_right, Count never_held_out) {
  const auto right = static_cast<double>(std::count(is_right.begin(), is_right.end(), 1));
  const auto all = static_cast<double>(count_of(is_right) + never_held_out);
  return {right / all, wilson(right / kFoldVariance, all / kFoldVariance)};
}

}  // namespace

AccuracyEstimate corpus_accuracy(std::span<const Label> truth,
                                 std::span<const std::uint8_t> is_right, Count never_held_out,
                                 const ClassShares& shares) {
  if (truth.empty()) {
    return {};
  }
  if (shares.design != SeedDesign::by_class) {
    return at_random(is_right, never_held_out);
  }
  const std::size_t width = shares.shares.size();
  std::vector<double> items(width, 0.0);
  std::vector<double> hits(width, 0.0);
  for (std::size_t i = 0; i < truth.size(); ++i) {
    items[to_size(truth[i])] += 1;
    hits[to_size(truth[i])] += is_right[i];
  }
  const auto total = static_cast<double>(truth.size());
  const double mean = std::accumulate(hits.begin(), hits.end(), 0.0) / total;
  std::vector<double> recall(width);
  double value = 0;
  double variance = 0;
  for (std::size_t k = 0; k < width; ++k) {
    const double share = shares.shares[k];
    recall[k] = items[k] > 0 ? hits[k] / items[k] : mean;
    const double likely = (hits[k] + 0.5) / (items[k] + 1);
    value += share * recall[k];
    variance += share * share * likely * (1 - likely) / std::max(items[k], 0.25);
  }
  for (std::size_t at = 0; at < shares.covariance.size(); ++at) {
    variance += recall[at / width] * shares.covariance[at] * recall[at % width];
  }
  const double effective = std::max(value * (1 - value), 0.25 / total) / variance;
  return {value, wilson(value * effective, effective)};
}

std::vector<double> corpus_weights(std::span<const Label> truth, const ClassShares& shares) {
  std::vector<double> weights(truth.size(), 1.0);
  if (shares.design != SeedDesign::by_class) {
    return weights;
  }
  std::vector<double> items(shares.shares.size(), 0.0);
  for (const Label label : truth) {
    items[to_size(label)] += 1;
  }
  for (std::size_t i = 0; i < truth.size(); ++i) {
    weights[i] = shares.shares[to_size(truth[i])] / items[to_size(truth[i])];
  }
  return weights;
}

std::optional<double> sure_threshold(std::span<const double> confidences,
                                     std::span<const std::uint8_t> is_right,
                                     std::span<const double> weights, double wanted) {
  std::vector<std::size_t> order(confidences.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return confidences[a] > confidences[b]; });
  std::optional<double> threshold;
  double sum = 0;
  double squares = 0;
  double right = 0;
  for (std::size_t at = 0; at < order.size() && confidences[order[at]] >= wanted; ++at) {
    const double weight = weights[order[at]];
    sum += weight;
    squares += weight * weight;
    right += weight * is_right[order[at]];
    const bool is_last = at + 1 == order.size();
    if ((!is_last && confidences[order[at + 1]] == confidences[order[at]]) || !(sum > 0)) {
      continue;
    }
    const double effective = sum * sum / squares;
    if (wilson(right / sum * effective, effective, 0.9).low >= wanted) {
      threshold = confidences[order[at]];
    }
  }
  return threshold;
}

}  // namespace kith::qa
