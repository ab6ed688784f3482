#include <algorithm>
#include <cmath>

#include "kith/core/parallel.hpp"
#include "kith/core/random.hpp"
#include "kith/qa/audit.hpp"

namespace kith::qa {
namespace {

/// weights: of the audited items.
std::optional<double> macro_f1(std::span<const AuditedItem> audited,
                               std::span<const double> weights, int num_classes) {
  std::vector<double> right(to_size(num_classes), 0.0);
  std::vector<double> stated(right.size(), 0.0);  // predicted or true, both count once
  for (std::size_t i = 0; i < audited.size(); ++i) {
    const AuditedItem& item = audited[i];
    right[to_size(item.truth)] += item.is_wrong() ? 0.0 : weights[i];
    stated[to_size(item.truth)] += weights[i];
    if (!item.predicted.is_none()) {
      stated[to_size(item.predicted)] += weights[i];
    }
  }
  double sum = 0;
  int occurring = 0;
  for (std::size_t k = 0; k < right.size(); ++k) {
    if (stated[k] > 0) {
      sum += 2 * right[k] / stated[k];
      ++occurring;
    }
  }
  return occurring > 0 ? std::optional{sum / occurring} : std::nullopt;
}

using Members = std::vector<std::vector<std::size_t>>;

/// Weights of one resample: n_h - 1 items of each stratum drawn with replacement, the change damped
/// by how much of the stratum was audited anyway.
std::vector<double> resample(std::span<const AuditedItem> audited, const Members& strata,
                             std::uint64_t seed, Count draw) {
  std::vector<double> drawn(audited.size(), 0.0);
  for (const std::vector<std::size_t>& members : strata) {
    const auto size = static_cast<double>(members.size());
    for (std::size_t j = 0; j + 1 < members.size(); ++j) {
      const double uniform =
          random_uniform(seed, Purpose::statistics_bootstrap, static_cast<std::int64_t>(members[j]),
                         static_cast<std::uint64_t>(draw));
      drawn[members[static_cast<std::size_t>(uniform * size)]] += size / (size - 1);
    }
    for (const std::size_t i : members) {
      const double damping = members.size() > 1 ? std::sqrt(1 - audited[i].inclusion) : 0.0;
      drawn[i] = (1 + damping * (drawn[i] - 1)) / audited[i].inclusion;
    }
  }
  return drawn;
}

}  // namespace

MacroF1 audit_macro_f1(std::span<const AuditedItem> audited, int num_classes, int draws,
                       std::uint64_t seed, double confidence) {
  Members strata;
  std::vector<double> weights;
  for (std::size_t i = 0; i < audited.size(); ++i) {
    const std::size_t h = to_size(audited[i].stratum);
    strata.resize(std::max(strata.size(), h + 1));
    strata[h].push_back(i);
    weights.push_back(1 / audited[i].inclusion);
  }
  MacroF1 result;
  result.value = macro_f1(audited, weights, num_classes);
  if (!result.value || draws < 40) {
    return result;
  }
  std::vector<double> values(to_size(draws));
  parallel_for(draws, 8, [&](Count begin, Count end) {
    for (Count draw = begin; draw < end; ++draw) {
      values[to_size(draw)] =
          *macro_f1(audited, resample(audited, strata, seed, draw), num_classes);
    }
  });
  std::sort(values.begin(), values.end());
  const auto at = [&](double share) {
    return values[static_cast<std::size_t>(share * static_cast<double>(draws - 1))];
  };
  result.interval = {at((1 - confidence) / 2), at((1 + confidence) / 2)};
  return result;
}

}  // namespace kith::qa
