#include "kith/qa/acceptance.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

#include <boost/math/distributions/binomial.hpp>

#include "kith/core/error.hpp"
#include "kith/core/numbers.hpp"

namespace kith::qa {
namespace {

constexpr Count kFirstFailures = 2;  // wrong items that the first test can bear
constexpr Count kGrowth = 32;        // tests grow by one wrong item, later by one in so many
constexpr double kPower = 0.8;
constexpr double kRounding = 1e-6;            // of an effective size
constexpr Count kMostItems = Count{1} << 50;  // nobody looks at more, whatever the error

// A smaller error asks for more known labels than people give; a larger one for none.
constexpr NumberRange<double> kErrorRange{1e-6, 0.9};
constexpr std::size_t kMostErrors = 20;

double chance_of_at_most(Count failures, Count items, double error) {
  if (failures >= items) {
    return 1;
  }
  return boost::math::cdf(boost::math::binomial{static_cast<double>(items), error},
                          static_cast<double>(failures));
}

std::vector<AuditedItem> most_confident_first(std::span<const AuditedItem> audited) {
  std::vector<AuditedItem> sorted(audited.begin(), audited.end());
  std::stable_sort(sorted.begin(), sorted.end(), [](const AuditedItem& a, const AuditedItem& b) {
    return a.confidence > b.confidence;
  });
  return sorted;
}

bool have_equal_inclusion(std::span<const AuditedItem> items) {
  return std::all_of(items.begin(), items.end(), [&](const AuditedItem& item) {
    return item.inclusion == items.front().inclusion;
  });
}

/// Upper bound of the error that holds with probability 1 - delta.
double upper_bound(std::span<const AuditedItem> items, double delta) {
  if (have_equal_inclusion(items)) {
    const auto wrong = std::count_if(items.begin(), items.end(),
                                     [](const AuditedItem& item) { return item.is_wrong(); });
    return clopper_pearson_upper(static_cast<double>(wrong), static_cast<double>(items.size()),
                                 1 - delta);
  }
  const AuditEstimate error = hajek_error(items);
  const double size = std::min(error.effective_items, static_cast<double>(items.size()));
  return clopper_pearson_upper(error.value * size, size, 1 - delta);
}

/// L. Kish's effective size of the first 1, 2, ... items: of equal weights their number. It does
/// not look at the labels.
std::vector<double> effective_sizes(std::span<const AuditedItem> items) {
  std::vector<double> sizes;
  double weights = 0;
  double squares = 0;
  for (const AuditedItem& item : items) {
    weights += 1 / item.inclusion;
    squares += 1 / (item.inclusion * item.inclusion);
    sizes.push_back(weights * weights / squares);
  }
  return sizes;
}

double sum_weights(std::span<const AuditedItem> items) {
  double sum = 0;
  for (const AuditedItem& item : items) {
    sum += 1 / item.inclusion;
  }
  return sum;
}

/// First item behind all that have the confidence of item `last`.
std::size_t end_of_tie(std::span<const AuditedItem> sorted, std::size_t last) {
  std::size_t end = last + 1;
  while (end < sorted.size() && sorted[end].confidence == sorted[last].confidence) {
    ++end;
  }
  return end;
}

/// The ranks to test, from the strictest threshold to the mildest: where one more wrong item can
/// be borne.
std::vector<std::size_t> where_to_test(std::span<const AuditedItem> sorted, double max_error,
                                       double delta) {
  const std::vector<double> sizes = effective_sizes(sorted);
  const auto needed = [&](Count failures) {
    return static_cast<double>(acceptance_items(max_error, delta, failures)) - kRounding;
  };
  Count failures = kFirstFailures;
  while (failures > 0 && !sizes.empty() && needed(failures) > sizes.back() / 4) {
    --failures;
  }
  std::vector<std::size_t> tests;
  for (std::size_t n = 0;; failures += std::max<Count>(1, failures / kGrowth)) {
    const double size = needed(failures);
    while (n < sizes.size() && sizes[n] < size) {
      ++n;
    }
    if (n == sizes.size()) {
      return tests;
    }
    tests.push_back(end_of_tie(sorted, n));
  }
}

/// Mean risk over coverage if all right items came before the wrong ones.
double best_aurc(double error) {
  return error >= 1 ? 1.0 : error + (1 - error) * std::log(1 - error);
}

}  // namespace

std::string errors_range() {
  return fmt::format("up to {} shares, {}, separated by commas", kMostErrors, kErrorRange.text());
}

std::vector<double> parse_errors(const std::string& text) {
  auto errors = parse_numbers(text, kErrorRange);
  if (!errors || errors->size() > kMostErrors) {
    fail("qa.accept_errors = {}, must be {}", text, errors_range());
  }
  std::sort(errors->begin(), errors->end());
  return *errors;
}

Count acceptance_items(double max_error, double delta, Count failures) {
  Count low = failures;  // not enough
  Count high = std::max<Count>(1, 2 * failures);
  while (high < kMostItems && chance_of_at_most(failures, high, max_error) > delta) {
    low = high;
    high = std::min(kMostItems, 2 * high);
  }
  while (high - low > 1) {
    const Count middle = low + (high - low) / 2;
    (chance_of_at_most(failures, middle, max_error) > delta ? low : high) = middle;
  }
  return high;
}

AcceptThreshold find_accept_threshold(std::span<const AuditedItem> audited, double max_error,
                                      double delta) {
  const std::vector<AuditedItem> sorted = most_confident_first(audited);
  const std::vector<std::size_t> tests = where_to_test(sorted, max_error, delta);
  AcceptThreshold result;
  result.audited = count_of(sorted);
  const double total = sum_weights(sorted);
  for (const std::size_t n : tests) {
    const auto accepted = std::span{sorted}.first(n);
    const double bound = upper_bound(accepted, delta);
    const bool passes = bound <= max_error;
    if (passes || !result.threshold) {
      result.audited = count_of(accepted);
      result.wrong = std::count_if(accepted.begin(), accepted.end(),
                                   [](const AuditedItem& item) { return item.is_wrong(); });
      result.error_bound = bound;
    }
    if (!passes) {
      break;
    }
    result.threshold = accepted.back().confidence;
    result.share = sum_weights(accepted) / total;
  }
  return result;
}

std::optional<Count> labels_to_accept(std::span<const ConfidenceCount> surest_first,
                                      double max_error, double delta) {
  Count total = 0;
  for (const ConfidenceCount& part : surest_first) {
    total += part.items;
  }
  const auto spread = [](double share) { return std::sqrt(share * (1 - share)); };
  const double at_limit = normal_quantile(1 - delta) * spread(max_error);
  const auto fewest = static_cast<double>(acceptance_items(max_error, delta));
  std::optional<Count> labels;
  Count items = 0;
  double wrong = 0;
  for (const ConfidenceCount& part : surest_first) {
    items += part.items;
    wrong += static_cast<double>(part.items) * (1 - part.confidence);
    const double error = items > 0 ? wrong / static_cast<double>(items) : 1.0;
    if (error < max_error) {
      const double root =
          (at_limit + normal_quantile(kPower) * spread(error)) / (max_error - error);
      const double share = static_cast<double>(items) / static_cast<double>(total);
      const double needed = std::ceil(std::max(fewest, root * root) / share);
      if (needed < static_cast<double>(kMostItems)) {
        labels = std::min(labels.value_or(kMostItems), static_cast<Count>(needed));
      }
    }
  }
  return labels;
}

RiskCoverage risk_coverage(std::span<const AuditedItem> audited) {
  const std::vector<AuditedItem> sorted = most_confident_first(audited);
  const double total = sum_weights(sorted);
  RiskCoverage curve;
  double weights = 0;
  double squares = 0;
  double wrong = 0;
  for (std::size_t begin = 0; begin < sorted.size();) {
    const std::size_t end = end_of_tie(sorted, begin);
    double tied = 0;
    for (std::size_t i = begin; i < end; ++i) {
      const double weight = 1 / sorted[i].inclusion;
      tied += weight;
      squares += weight * weight;
      wrong += sorted[i].is_wrong() ? weight : 0.0;
    }
    weights += tied;
    const double risk = wrong / weights;
    const double size = weights * weights / squares;
    curve.points.push_back(
        {sorted[begin].confidence, weights / total, risk, wilson(risk * size, size)});
    curve.aurc += tied / total * risk;
    begin = end;
  }
  if (total > 0) {
    curve.excess = curve.aurc - best_aurc(wrong / total);
  }
  return curve;
}

}  // namespace kith::qa
