#include "kith/qa/slices.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <boost/math/distributions/hypergeometric.hpp>

namespace kith::qa {
namespace {

constexpr Count kMostExact = 1'000'000;  // audited items; the exact sum is slow and loses digits

/// P(at least the slice's wrong items are among its audited ones | all margins).
double fisher_worse(const SliceAudit& slice, const SliceAudit& all) {
  const auto wrong = static_cast<unsigned>(all.wrong);
  const auto drawn = static_cast<unsigned>(slice.audited);
  const auto total = static_cast<unsigned>(all.audited);
  const Count least = std::max<Count>(0, slice.audited + all.wrong - all.audited);
  if (slice.wrong <= least) {
    return 1;
  }
  if (all.audited > kMostExact) {  // the same distribution's normal limit
    const auto total_items = static_cast<double>(all.audited);
    const auto slice_items = static_cast<double>(slice.audited);
    const double share = static_cast<double>(all.wrong) / total_items;
    const double variance =
        slice_items * share * (1 - share) * (total_items - slice_items) / (total_items - 1);
    const double away = static_cast<double>(slice.wrong) - 0.5 - slice_items * share;
    return variance > 0 ? std::erfc(away / std::sqrt(2 * variance)) / 2 : 1.0;
  }
  const boost::math::hypergeometric distribution{wrong, drawn, total};
  return boost::math::cdf(
      boost::math::complement(distribution, static_cast<unsigned>(slice.wrong - 1)));
}

/// Items that the prior of the slices' rates is worth; infinite if they differ by chance only.
double prior_strength(std::span<const SliceAudit> slices, const SliceAudit& all) {
  const auto n = static_cast<double>(all.audited);
  const double mean = static_cast<double>(all.wrong) / n;
  double spread = 0;
  double squares = 0;
  double seen = 0;
  for (const SliceAudit& slice : slices) {
    if (slice.audited > 0) {
      const auto items = static_cast<double>(slice.audited);
      const double away = static_cast<double>(slice.wrong) / items - mean;
      spread += items * away * away;
      squares += items * items;
      seen += 1;
    }
  }
  const double chance = mean * (1 - mean);
  const double between = (spread - (seen - 1) * chance) / (n - squares / n);
  return between > 0 ? std::max(0.0, chance / between - 1)
                     : std::numeric_limits<double>::infinity();
}

double shrink(const SliceAudit& slice, double mean, double strength) {
  if (std::isinf(strength)) {
    return mean;
  }
  const double items = static_cast<double>(slice.audited) + strength;
  return items > 0 ? (static_cast<double>(slice.wrong) + strength * mean) / items : mean;
}

}  // namespace

std::vector<double> benjamini_hochberg(std::span<const double> p_values) {
  std::vector<std::size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return p_values[a] < p_values[b]; });
  std::vector<double> q_values(p_values.size());
  double least = 1;
  for (std::size_t rank = order.size(); rank > 0; --rank) {
    const std::size_t i = order[rank - 1];
    least = std::min(least,
                     p_values[i] * static_cast<double>(order.size()) / static_cast<double>(rank));
    q_values[i] = least;
  }
  return q_values;
}

std::vector<SliceFinding> compare_slices(std::span<const SliceAudit> slices,
                                         double false_discovery_rate) {
  SliceAudit all;
  for (const SliceAudit& slice : slices) {
    all.items += slice.items;
    all.audited += slice.audited;
    all.wrong += slice.wrong;
  }
  std::vector<SliceFinding> findings;
  std::vector<double> p_values;
  std::vector<std::size_t> tested;
  const double strength = all.audited > 0 ? prior_strength(slices, all) : 0.0;
  const double mean =
      static_cast<double>(all.wrong) / static_cast<double>(std::max<Count>(all.audited, 1));
  for (const SliceAudit& slice : slices) {
    SliceFinding& finding = findings.emplace_back();
    finding.items = slice.items;
    finding.error = proportion(slice.wrong, slice.audited);
    if (all.audited > 0) {
      finding.shrunken = shrink(slice, mean, strength);
    }
    if (slice.audited > 0) {
      finding.lift = all.wrong > 0 ? std::optional{*finding.error.value / mean} : std::nullopt;
      finding.p_value = fisher_worse(slice, all);
      p_values.push_back(*finding.p_value);
      tested.push_back(findings.size() - 1);
    }
  }
  const std::vector<double> q_values = benjamini_hochberg(p_values);
  for (std::size_t t = 0; t < tested.size(); ++t) {
    findings[tested[t]].q_value = q_values[t];
    findings[tested[t]].is_worse = q_values[t] <= false_discovery_rate;
  }
  return findings;
}

}  // namespace kith::qa
