#include "kith/qa/unsupervised_accuracy.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace kith::qa {
namespace {

constexpr double kLeastStandardErrors = 3;

/// Chance-corrected agreements t_ij of all pairs of voters, and which of them are above the noise.
class Agreements {
 public:
  explicit Agreements(const label_model::PatternCounts& patterns)
      : num_voters_{to_size(patterns.num_voters)},
        both_(num_voters_ * num_voters_, 0),
        same_(both_.size(), 0),
        num_classes_{static_cast<double>(patterns.num_classes)} {
    for (std::size_t u = 0; u < patterns.size(); ++u) {
      const auto votes = patterns.pattern(u);
      for (std::size_t a = 0; a < num_voters_; ++a) {
        for (std::size_t b = a + 1; b < num_voters_; ++b) {
          const bool is_pair = votes[a] >= 0 && votes[b] >= 0;
          both_[a * num_voters_ + b] += is_pair ? patterns.counts[u] : 0;
          same_[a * num_voters_ + b] += is_pair && votes[a] == votes[b] ? patterns.counts[u] : 0;
        }
      }
    }
  }

  [[nodiscard]] std::size_t num_voters() const { return num_voters_; }
  [[nodiscard]] bool occurs(std::size_t a, std::size_t b) const { return both_[at(a, b)] > 0; }
  [[nodiscard]] double corrected(std::size_t a, std::size_t b) const {
    return (num_classes_ * share(a, b) - 1) / (num_classes_ - 1);
  }
  [[nodiscard]] bool is_clear(std::size_t a, std::size_t b) const {
    if (!occurs(a, b)) {
      return false;
    }
    const double p = share(a, b);
    const double error = num_classes_ / (num_classes_ - 1) *
                         std::sqrt(p * (1 - p) / static_cast<double>(both_[at(a, b)]));
    return std::abs(corrected(a, b)) > kLeastStandardErrors * error;
  }

 private:
  [[nodiscard]] std::size_t at(std::size_t a, std::size_t b) const {
    return std::min(a, b) * num_voters_ + std::max(a, b);
  }
  [[nodiscard]] double share(std::size_t a, std::size_t b) const {
    return static_cast<double>(same_[at(a, b)]) / static_cast<double>(both_[at(a, b)]);
  }

  std::size_t num_voters_;
  std::vector<Count> both_;
  std::vector<Count> same_;
  double num_classes_;
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

std::vector<double> triple_estimates(const Agreements& agreements, std::size_t voter) {
  std::vector<double> estimates;
  for (std::size_t i = 0; i < agreements.num_voters(); ++i) {
    for (std::size_t j = i + 1; j < agreements.num_voters(); ++j) {
      if (i == voter || j == voter || !agreements.is_clear(i, j) || !agreements.occurs(voter, i) ||
          !agreements.occurs(voter, j)) {
        continue;
      }
      const double squared = agreements.corrected(voter, i) * agreements.corrected(voter, j) /
                             agreements.corrected(i, j);
      if (squared >= 0) {
        estimates.push_back(std::sqrt(squared));
      }
    }
  }
  return estimates;
}

double sum_of_agreements(const Agreements& agreements, std::size_t voter) {
  double sum = 0;
  for (std::size_t other = 0; other < agreements.num_voters(); ++other) {
    if (other != voter && agreements.occurs(voter, other)) {
      sum += agreements.corrected(voter, other);
    }
  }
  return sum;
}

}  // namespace

std::vector<AssumedAccuracy> triplet_accuracies(const label_model::PatternCounts& patterns) {
  std::vector<AssumedAccuracy> accuracies(to_size(patterns.num_voters));
  if (patterns.num_voters < 3 || patterns.num_classes < 2) {
    for (AssumedAccuracy& accuracy : accuracies) {
      accuracy.reason = "needs three voters and two classes";
    }
    return accuracies;
  }
  const Agreements agreements{patterns};
  const double num_classes = patterns.num_classes;
  for (std::size_t voter = 0; voter < accuracies.size(); ++voter) {
    const std::vector<double> estimates = triple_estimates(agreements, voter);
    accuracies[voter].triples = static_cast<int>(estimates.size());
    if (estimates.empty()) {
      accuracies[voter].reason = "no two other voters agree clearly more than chance";
      continue;
    }
    const double sign = sum_of_agreements(agreements, voter) < 0 ? -1.0 : 1.0;
    const double skill = sign * median(estimates);
    accuracies[voter].value = std::clamp(((num_classes - 1) * skill + 1) / num_classes, 0.0, 1.0);
  }
  return accuracies;
}

double class_aggregated_calibration_error(const LabelRows<double>& probabilities,
                                          std::span<const Label> truth, int num_bins) {
  std::vector<double> gap(to_size(num_bins), 0.0);
  const auto gap_at = [&](double p) -> double& {
    return gap[to_size(std::clamp(static_cast<int>(p * num_bins), 0, num_bins - 1))];
  };
  for (std::size_t i = 0; i < truth.size(); ++i) {
    const LabelRow<double> row = probabilities[i];
    for (const double p : row.values) {
      gap_at(p) -= p;
    }
    gap_at(row.other) -= static_cast<double>(row.num_others()) * row.other;
    gap_at(row[truth[i]]) += 1;
  }
  const double sum = std::accumulate(gap.begin(), gap.end(), 0.0,
                                     [](double total, double g) { return total + std::abs(g); });
  return truth.empty() ? 0.0 : sum / static_cast<double>(truth.size());
}

std::optional<double> thresholded_confidence(std::span<const double> confidences,
                                             std::span<const std::uint8_t> is_right) {
  if (confidences.empty()) {
    return std::nullopt;
  }
  std::vector<double> sorted(confidences.begin(), confidences.end());
  std::sort(sorted.begin(), sorted.end());
  const auto wrong =
      static_cast<std::size_t>(std::count(is_right.begin(), is_right.end(), std::uint8_t{0}));
  if (wrong == sorted.size()) {
    return std::nextafter(sorted.back(), 2.0);  // nothing is at or above it
  }
  const double at = sorted[wrong];  // exactly `wrong` items are below it unless it is tied
  const auto first = std::lower_bound(sorted.begin(), sorted.end(), at) - sorted.begin();
  const auto last = std::upper_bound(sorted.begin(), sorted.end(), at) - sorted.begin();
  const auto target = static_cast<std::ptrdiff_t>(wrong);
  return target - first <= last - target ? at : std::nextafter(at, 2.0);
}

double difference_of_confidences(double held_out_accuracy, double held_out_confidence,
                                 double corpus_confidence) {
  return std::clamp(held_out_accuracy - (held_out_confidence - corpus_confidence), 0.0, 1.0);
}

}  // namespace kith::qa
