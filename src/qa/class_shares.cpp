#include "kith/qa/class_shares.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include <boost/math/distributions/chi_squared.hpp>

#include "qa/label_shift.hpp"

namespace kith::qa {
namespace {

constexpr double kTooEven = 0.05;
constexpr double kPriorStrength = 2;    // over held-out items a class
constexpr double kWeakStrength = 0.02;  // what the data alone would say
constexpr int kResamples = 40;
constexpr std::size_t kResampledRows = 3000;
constexpr double kLessSure = 0.25;  // standard deviations
constexpr double kSureErrors = 2;   // standard errors

std::vector<Count> count_labels(std::span<const Label> truth, std::size_t num_classes) {
  std::vector<Count> counts(num_classes, 0);
  for (const Label label : truth) {
    ++counts[to_size(label)];
  }
  return counts;
}

std::vector<double> mean_row(std::span<const double> rows, std::size_t num_classes) {
  std::vector<double> mean(num_classes, 0.0);
  for (std::size_t at = 0; at < rows.size(); ++at) {
    mean[at % num_classes] += rows[at];
  }
  for (double& value : mean) {
    value /= std::max(1.0, static_cast<double>(rows.size() / num_classes));
  }
  return mean;
}

std::vector<double> even_shares(std::span<const double> source) {
  std::vector<double> even;
  double total = 0;
  for (const double share : source) {
    even.push_back(share > 0 ? 1.0 : 0.0);
    total += even.back();
  }
  for (double& share : even) {
    share /= total;
  }
  return even;
}

/// Are the models less sure of the corpus than of the labeled items, these weighted to `shares`?
bool holds_others(const ShareInputs& in, std::span<const double> shares,
                  std::span<const Count> counts) {
  double weight = 0;
  double labeled = 0;
  for (std::size_t i = 0; i < in.truth.size(); ++i) {
    const std::size_t k = to_size(in.truth[i]);
    const double w = shares[k] / static_cast<double>(counts[k]);
    weight += w;
    labeled += w * in.held_out_sure[i];
  }
  labeled /= weight;
  double variance = 0;
  for (std::size_t i = 0; i < in.truth.size(); ++i) {
    const std::size_t k = to_size(in.truth[i]);
    const double w = shares[k] / static_cast<double>(counts[k]) / weight;
    variance += w * w * (in.held_out_sure[i] - labeled) * (in.held_out_sure[i] - labeled);
  }
  double sum = 0;
  double squares = 0;
  for (const float sure : in.corpus_sure) {
    sum += double{sure};
    squares += double{sure} * double{sure};
  }
  const auto items = static_cast<double>(in.corpus_sure.size());
  const double spread = std::sqrt(std::max(0.0, squares / items - (sum / items) * (sum / items)));
  const double gap = labeled - sum / items;
  return gap > kLessSure * spread && gap > kSureErrors * std::sqrt(variance);
}

/// Covariance of shares over resamples of the labels.
void add_resampling(const ShareInputs& in, double strength, std::vector<double>& covariance) {
  const std::size_t width = in.num_classes;
  const auto rows = sparse_rows(in.corpus, width, kResampledRows);
  const LabelResampler resampler{in.truth, width, in.seed};
  std::vector<double> sum(width, 0.0);
  std::vector<double> products(width * width, 0.0);
  for (int draw = 0; draw < kResamples; ++draw) {
    const BiasCorrection fitted =
        fit_bias_correction(in.held_out, in.truth, resampler.weights(draw), width);
    const std::vector<double> shares = maximize_shares(
        {fitted.apply(rows), in.source, even_shares(in.source), strength}, kResampledSteps);
    for (std::size_t a = 0; a < width; ++a) {
      sum[a] += shares[a];
      for (std::size_t b = 0; b < width; ++b) {
        products[a * width + b] += shares[a] * shares[b];
      }
    }
  }
  for (std::size_t a = 0; a < width; ++a) {
    for (std::size_t b = 0; b < width; ++b) {
      covariance[a * width + b] +=
          (products[a * width + b] - sum[a] * sum[b] / kResamples) / (kResamples - 1);
    }
  }
}

void set_deviations(ClassShares& result) {
  const std::size_t width = result.shares.size();
  for (std::size_t k = 0; k < width; ++k) {
    result.deviations.push_back(std::sqrt(std::max(0.0, result.covariance[k * width + k])));
  }
}

}  // namespace

const char* to_string(SeedDesign design) {
  switch (design) {
    case SeedDesign::unknown:
      return "unknown";
    case SeedDesign::random:
      return "random";
    case SeedDesign::by_class:
      return "by_class";
  }
  return "";
}

const char* to_string(ShareOrigin origin) {
  switch (origin) {
    case ShareOrigin::estimated:
      return "estimated";
    case ShareOrigin::of_labels:
      return "seeds";
    case ShareOrigin::given:
      return "given";
  }
  return "";
}

SeedDesign guess_design(std::span<const Count> counts) {
  const Count total = std::accumulate(counts.begin(), counts.end(), Count{0});
  if (counts.size() < 2 || total == 0) {
    return SeedDesign::random;
  }
  const double expected = static_cast<double>(total) / static_cast<double>(counts.size());
  double statistic = 0;
  for (const Count count : counts) {
    const double away = static_cast<double>(count) - expected;
    statistic += away * away / expected;
  }
  const boost::math::chi_squared even{static_cast<double>(counts.size() - 1)};
  const Count largest = *std::max_element(counts.begin(), counts.end());
  const auto ties = std::count(counts.begin(), counts.end(), largest);
  const Count many = std::max<Count>(3, (count_of(counts) + 1) / 2);
  const bool is_even = boost::math::cdf(even, statistic) < kTooEven || Count{ties} >= many;
  return is_even ? SeedDesign::by_class : SeedDesign::random;
}

Interval ClassShares::interval(std::size_t label) const {
  const double reach = normal_quantile(0.975) * deviations[label];
  return {std::max(0.0, shares[label] - reach), std::min(1.0, shares[label] + reach)};
}

std::vector<double> shares_by_maximum(std::span<const double> probabilities,
                                      std::span<const double> source,
                                      std::span<const double> centre, double strength) {
  return maximize_shares({{probabilities.begin(), probabilities.end()},
                          {source.begin(), source.end()},
                          {centre.begin(), centre.end()},
                          strength},
                         kMostSteps);
}

ClassShares shares_by_class(const ShareInputs& in) {
  ClassShares result;
  const std::size_t width = in.num_classes;
  result.design = SeedDesign::by_class;
  result.shares = in.source;
  result.covariance.assign(width * width, 0.0);
  if (in.truth.empty() || in.corpus.empty()) {
    result.deviations.assign(width, 1.0);
    return result;
  }
  const double strength =
      kPriorStrength * static_cast<double>(width) / static_cast<double>(in.truth.size());
  const std::vector<double> even = even_shares(in.source);
  const std::vector<double> found = shares_by_maximum(in.corpus, in.source, even, strength);
  const std::vector<double> raw = shares_by_maximum(in.corpus, in.source, even, kWeakStrength);
  result.is_known = !holds_others(in, found, count_labels(in.truth, width));
  result.shares = result.is_known ? found : in.source;
  add_resampling(in, strength, result.covariance);
  for (std::size_t a = 0; a < width; ++a) {
    for (std::size_t b = 0; b < width; ++b) {
      result.covariance[a * width + b] += (raw[a] - result.shares[a]) * (raw[b] - result.shares[b]);
    }
    result.covariance[a * width + a] += result.shares[a] * (1 - result.shares[a]) /
                                        static_cast<double>(std::max<Count>(1, in.corpus_items));
  }
  result.confusion = shares_by_confusion(in.corpus, in.held_out, in.truth, width);
  set_deviations(result);
  return result;
}

ClassShares shares_at_random(const ShareInputs& in) {
  ClassShares result;
  const std::size_t width = in.num_classes;
  const auto num_labels = static_cast<double>(in.truth.size());
  result.design = SeedDesign::random;
  result.is_known = !in.truth.empty() && !in.corpus.empty();
  result.shares = in.source;
  if (!result.is_known) {
    result.deviations.assign(width, 1.0);
    return result;
  }
  result.shares = mean_row(in.corpus, width);
  double total = 0;
  for (std::size_t k = 0; k < width; ++k) {
    double away = 0;
    double squares = 0;
    for (std::size_t i = 0; i < in.truth.size(); ++i) {
      const double rest = (to_size(in.truth[i]) == k ? 1.0 : 0.0) - in.held_out[i * width + k];
      away += rest;
      squares += rest * rest;
    }
    double spread = 0;
    for (std::size_t at = k; at < in.corpus.size(); at += width) {
      spread += (in.corpus[at] - result.shares[k]) * (in.corpus[at] - result.shares[k]);
    }
    const auto sample = static_cast<double>(in.corpus.size() / width);
    // One more squared rest of 1: a class that no label names has a width, too.
    result.deviations.push_back(
        std::sqrt((squares + 1) / (num_labels + 1) / num_labels + spread / sample / sample));
    result.shares[k] = std::max(0.0, result.shares[k] + away / num_labels);
    total += result.shares[k];
  }
  for (double& share : result.shares) {
    share /= total;
  }
  return result;
}

}  // namespace kith::qa
