#include "kith/qa/audit.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

namespace kith::qa {
namespace {

constexpr Count kEnoughForLambda = 100;

double square(double x) {
  return x * x;
}

/// fallback_items: the sample size to believe in where the sample shows no variance.
AuditEstimate from_variance(double value, double variance, double fallback_items,
                            double confidence) {
  AuditEstimate estimate;
  estimate.value = std::clamp(value, 0.0, 1.0);
  estimate.standard_error = std::sqrt(variance);
  const double spread = estimate.value * (1 - estimate.value);
  estimate.effective_items = variance > 0 && spread > 0 ? spread / variance : fallback_items;
  const double hits = estimate.value * estimate.effective_items;
  estimate.interval = clopper_pearson(hits, estimate.effective_items, confidence);
  estimate.wilson = wilson(hits, estimate.effective_items, confidence);
  return estimate;
}

/// Exact intervals of the strata added up; each holds with 1 - alpha / strata.
Interval bonferroni(std::span<const StratumAudit> strata, double total, double confidence) {
  const auto used = static_cast<double>(std::count_if(
      strata.begin(), strata.end(), [](const StratumAudit& s) { return s.audited > 0; }));
  Interval sum{0, 0};
  for (const StratumAudit& stratum : strata) {
    if (stratum.audited > 0) {
      const double weight = static_cast<double>(stratum.items) / total;
      const Interval exact =
          stratum.audited == stratum.items
              ? Interval{*proportion(stratum.wrong, stratum.audited).value,
                         *proportion(stratum.wrong, stratum.audited).value}
              : clopper_pearson(static_cast<double>(stratum.wrong),
                                static_cast<double>(stratum.audited), 1 - (1 - confidence) / used);
      sum.low += weight * exact.low;
      sum.high += weight * exact.high;
    }
  }
  return {sum.low, std::min(1.0, sum.high)};
}

Interval widen(const Interval& interval, double unseen) {
  return {interval.low * (1 - unseen), interval.high * (1 - unseen) + unseen};
}

/// Sum over strata of (1 - f) n/(n-1) sum (u - mean u)^2: the variance of sum u.
double stratified_variance(std::span<const AuditedItem> audited, std::span<const double> u,
                           std::span<const Count> strata_items) {
  std::vector<Count> n(strata_items.size(), 0);
  std::vector<double> sum(strata_items.size(), 0.0);
  std::vector<double> squares(strata_items.size(), 0.0);
  for (std::size_t i = 0; i < audited.size(); ++i) {
    ++n[to_size(audited[i].stratum)];
    sum[to_size(audited[i].stratum)] += u[i];
  }
  for (std::size_t i = 0; i < audited.size(); ++i) {
    const std::size_t h = to_size(audited[i].stratum);
    squares[h] += square(u[i] - sum[h] / static_cast<double>(n[h]));
  }
  double variance = 0;
  for (std::size_t h = 0; h < n.size(); ++h) {
    if (n[h] > 1 && n[h] < strata_items[h]) {
      const auto count = static_cast<double>(n[h]);
      variance +=
          (1 - count / static_cast<double>(strata_items[h])) * count / (count - 1) * squares[h];
    }
  }
  return variance;
}

using Indicator = std::function<bool(const AuditedItem&)>;

/// Weighted share of the items in `part` among those in `whole`; part implies whole.
std::optional<AuditEstimate> ratio_estimate(std::span<const AuditedItem> audited,
                                            std::span<const Count> strata_items,
                                            const Indicator& whole, const Indicator& part,
                                            double confidence) {
  double denominator = 0;
  double numerator = 0;
  double squares = 0;
  for (const AuditedItem& item : audited) {
    const double weight = whole(item) ? 1 / item.inclusion : 0.0;
    denominator += weight;
    numerator += weight > 0 && part(item) ? weight : 0.0;
    squares += weight * weight;
  }
  if (denominator <= 0) {
    return std::nullopt;
  }
  const double ratio = numerator / denominator;
  std::vector<double> u;
  for (const AuditedItem& item : audited) {
    const double residual = whole(item) ? (part(item) ? 1.0 : 0.0) - ratio : 0.0;
    u.push_back(residual / item.inclusion / denominator);
  }
  return from_variance(ratio, stratified_variance(audited, u, strata_items),
                       square(denominator) / squares, confidence);
}

/// Sample moments of the errors and forecasts of a stratum's audited items.
struct Moments {
  Count n = 0;
  double z = 0, f = 0, zz = 0, ff = 0, zf = 0;

  void add(double error, double forecast) {
    ++n;
    z += error;
    f += forecast;
    zz += error * error;
    ff += forecast * forecast;
    zf += error * forecast;
  }
  [[nodiscard]] double covariance(double ab, double a, double b) const {
    const auto count = static_cast<double>(n);
    return n > 1 ? (ab - a * b / count) / (count - 1) : 0.0;
  }
};

}  // namespace

AuditEstimate stratified_error(std::span<const StratumAudit> strata, double confidence) {
  double total = 0;
  double seen = 0;
  Count audited = 0;
  for (const StratumAudit& stratum : strata) {
    total += static_cast<double>(stratum.items);
    seen += stratum.audited > 0 ? static_cast<double>(stratum.items) : 0.0;
    audited += stratum.audited;
  }
  if (audited == 0) {
    return {};
  }
  double value = 0;
  double variance = 0;
  for (const StratumAudit& stratum : strata) {
    if (stratum.audited > 0) {
      const auto n = static_cast<double>(stratum.audited);
      const double weight = static_cast<double>(stratum.items) / seen;
      const double p = static_cast<double>(stratum.wrong) / n;
      value += weight * p;
      variance += weight * weight * (1 - n / static_cast<double>(stratum.items)) * p * (1 - p) /
                  std::max(1.0, n - 1);
    }
  }
  AuditEstimate estimate = from_variance(value, variance, static_cast<double>(audited), confidence);
  if (variance <= 0) {
    estimate.interval = bonferroni(strata, seen, confidence);
    estimate.wilson = estimate.interval;
  }
  const double unseen = (total - seen) / total;
  estimate.interval = widen(estimate.interval, unseen);
  estimate.wilson = widen(estimate.wilson, unseen);
  return estimate;
}

double effective_sample_size(std::span<const AuditedItem> audited) {
  double sum = 0;
  double squares = 0;
  for (const AuditedItem& item : audited) {
    sum += 1 / item.inclusion;
    squares += 1 / square(item.inclusion);
  }
  return squares > 0 ? square(sum) / squares : 0.0;
}

AuditEstimate hajek_error(std::span<const AuditedItem> audited, double confidence) {
  if (audited.empty()) {
    return {};
  }
  double weights = 0;
  double wrong = 0;
  for (const AuditedItem& item : audited) {
    weights += 1 / item.inclusion;
    wrong += item.is_wrong() ? 1 / item.inclusion : 0.0;
  }
  const double error = wrong / weights;
  double variance = 0;
  for (const AuditedItem& item : audited) {
    const double residual = (item.is_wrong() ? 1.0 : 0.0) - error;
    variance += (1 - item.inclusion) * square(residual / item.inclusion);
  }
  return from_variance(error, variance / square(weights), effective_sample_size(audited),
                       confidence);
}

PredictionPoweredError prediction_powered_error(std::span<const AuditedItem> audited,
                                                std::span<const Forecast> forecasts,
                                                double confidence) {
  std::vector<Moments> strata(forecasts.size());
  for (const AuditedItem& item : audited) {
    strata[to_size(item.stratum)].add(item.is_wrong() ? 1.0 : 0.0, 1 - item.confidence);
  }
  double seen = 0;
  for (std::size_t h = 0; h < strata.size(); ++h) {
    seen += strata[h].n > 0 ? static_cast<double>(forecasts[h].items) : 0.0;
  }
  if (seen <= 0) {
    return {};
  }
  double value = 0;
  double variance = 0;
  double lambda_sum = 0;
  for (std::size_t h = 0; h < strata.size(); ++h) {
    const Moments& m = strata[h];
    if (m.n == 0) {
      continue;
    }
    const auto n = static_cast<double>(m.n);
    const auto items = static_cast<double>(forecasts[h].items);
    const double z_variance = m.covariance(m.zz, m.z, m.z);
    const double f_variance = m.covariance(m.ff, m.f, m.f);
    const double both = m.covariance(m.zf, m.z, m.f);
    double lambda = 1;
    if (m.n >= kEnoughForLambda) {
      lambda = f_variance > 0 ? std::clamp(both / ((1 + n / items) * f_variance), 0.0, 1.0) : 0.0;
    }
    const double weight = items / seen;
    value += weight * (lambda * forecasts[h].mean + (m.z - lambda * m.f) / n);
    const double residual = z_variance - 2 * lambda * both + lambda * lambda * f_variance;
    variance += square(weight) *
                (square(lambda) * forecasts[h].variance / items + std::max(0.0, residual) / n);
    lambda_sum += weight * lambda;
  }
  PredictionPoweredError result;
  result.lambda = lambda_sum;
  result.error = from_variance(value, variance, static_cast<double>(audited.size()), confidence);
  const double half = normal_quantile(0.5 + confidence / 2) * result.error.standard_error;
  result.error.interval = {std::max(0.0, value - half), std::min(1.0, value + half)};
  result.error.wilson = result.error.interval;
  return result;
}

std::vector<ClassAudit> audit_classes(std::span<const AuditedItem> audited,
                                      std::span<const Count> strata_items, int num_classes,
                                      double confidence) {
  std::vector<ClassAudit> classes;
  for (std::int32_t k = 0; k < num_classes; ++k) {
    const auto predicted = [k](const AuditedItem& item) { return item.predicted == Label{k}; };
    const auto is = [k](const AuditedItem& item) { return item.truth == Label{k}; };
    ClassAudit& of_class = classes.emplace_back();
    of_class.audited = std::count_if(audited.begin(), audited.end(), predicted);
    of_class.precision = ratio_estimate(audited, strata_items, predicted, is, confidence);
    of_class.recall = ratio_estimate(audited, strata_items, is, predicted, confidence);
  }
  return classes;
}

}  // namespace kith::qa
