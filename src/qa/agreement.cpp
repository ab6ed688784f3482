#include "kith/qa/agreement.hpp"

#include <algorithm>
#include <cmath>

#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/poisson.hpp>

#include "kith/core/parallel.hpp"
#include "kith/core/random.hpp"

namespace kith::qa {
namespace {

/// Votes for each class in one pattern.
struct Tally {
  std::vector<int> counts;
  int cast = 0;

  Tally(std::span<const std::int32_t> pattern, int num_classes) : counts(to_size(num_classes), 0) {
    for (const std::int32_t vote : pattern) {
      if (vote >= 0) {
        ++counts[to_size(vote)];
        ++cast;
      }
    }
  }
  [[nodiscard]] double pair_agreement() const {
    double same = 0;
    for (const int count : counts) {
      same += static_cast<double>(count) * (count - 1);
    }
    return same / (static_cast<double>(cast) * (cast - 1));
  }
  [[nodiscard]] int distinct() const {
    return static_cast<int>(
        std::count_if(counts.begin(), counts.end(), [](int count) { return count > 0; }));
  }
};

std::vector<Tally> tally_all(const PatternCounts& patterns) {
  std::vector<Tally> tallies;
  for (std::size_t u = 0; u < patterns.size(); ++u) {
    tallies.emplace_back(patterns.pattern(u), patterns.num_classes);
  }
  return tallies;
}

/// The chance-corrected coefficients of one (re)weighted set of patterns; NaN where undefined.
struct Coefficients {
  double mean_pair = NAN;
  double fleiss = NAN;
  double krippendorff = NAN;
  double gwet = NAN;
  double pabak = NAN;
};

double corrected(double observed, double expected) {
  return expected < 1 ? (observed - expected) / (1 - expected) : NAN;
}

Coefficients compute(std::span<const Tally> tallies, std::span<const double> weights,
                     int num_classes) {
  double items = 0;
  double votes = 0;
  double pair_sum = 0;
  double observed_disagreement = 0;
  std::vector<double> class_votes(to_size(num_classes), 0.0);
  std::vector<double> class_shares(to_size(num_classes), 0.0);
  for (std::size_t u = 0; u < tallies.size(); ++u) {
    const Tally& tally = tallies[u];
    if (tally.cast < 2 || weights[u] == 0) {
      continue;
    }
    const double agreement = tally.pair_agreement();
    items += weights[u];
    votes += weights[u] * tally.cast;
    pair_sum += weights[u] * agreement;
    observed_disagreement += weights[u] * tally.cast * (1 - agreement);
    for (std::size_t k = 0; k < class_votes.size(); ++k) {
      class_votes[k] += weights[u] * tally.counts[k];
      class_shares[k] += weights[u] * tally.counts[k] / tally.cast;
    }
  }
  Coefficients result;
  if (items == 0) {
    return result;
  }
  result.mean_pair = pair_sum / items;
  double fleiss_expected = 0;
  double same_pairs = 0;
  double gwet_expected = 0;
  for (std::size_t k = 0; k < class_votes.size(); ++k) {
    fleiss_expected += class_votes[k] / votes * (class_votes[k] / votes);
    same_pairs += class_votes[k] * class_votes[k];
    const double share = class_shares[k] / items;
    gwet_expected += share * (1 - share) / std::max(1, num_classes - 1);
  }
  result.fleiss = corrected(result.mean_pair, fleiss_expected);
  const double expected_disagreement = (votes * votes - same_pairs) / (votes * (votes - 1));
  result.krippendorff =
      expected_disagreement > 0 ? 1 - observed_disagreement / votes / expected_disagreement : NAN;
  result.gwet = corrected(result.mean_pair, gwet_expected);
  result.pabak = num_classes > 1 ? (num_classes * result.mean_pair - 1) / (num_classes - 1) : NAN;
  return result;
}

/// A Poisson(n) draw for n items that each come Poisson(1) times: normal beyond what a table needs.
double poisson_draw(double mean, double uniform) {
  const double inside = std::clamp(uniform, 1e-16, 1 - 1e-16);
  if (mean > 1000) {
    return std::max(
        0.0, std::round(boost::math::quantile(boost::math::normal{mean, std::sqrt(mean)}, inside)));
  }
  return boost::math::quantile(boost::math::poisson{mean}, inside);
}

std::vector<Coefficients> bootstrap(std::span<const Tally> tallies, const PatternCounts& patterns,
                                    int draws, std::uint64_t seed) {
  std::vector<Coefficients> results(to_size(draws));
  parallel_for(draws, 8, [&](Count begin, Count end) {
    std::vector<double> weights(tallies.size());
    for (Count draw = begin; draw < end; ++draw) {
      for (std::size_t u = 0; u < weights.size(); ++u) {
        const double uniform =
            random_uniform(seed, Purpose::statistics_bootstrap, static_cast<std::int64_t>(u),
                           static_cast<std::uint64_t>(draw));
        weights[u] = poisson_draw(static_cast<double>(patterns.counts[u]), uniform);
      }
      results[to_size(draw)] = compute(tallies, weights, patterns.num_classes);
    }
  });
  return results;
}

/// The value with the percentile interval of its resamples.
Estimate estimate(double value, std::span<const Coefficients> resamples,
                  double Coefficients::*field, Count items) {
  Estimate result;
  result.items = items;
  if (std::isnan(value)) {
    result.reason = items == 0 ? "no item has two votes" : "all votes are for one class";
    return result;
  }
  result.value = value;
  std::vector<double> values;
  for (const Coefficients& resample : resamples) {
    if (!std::isnan(resample.*field)) {
      values.push_back(resample.*field);
    }
  }
  if (values.size() >= 40) {
    std::sort(values.begin(), values.end());
    const auto at = [&](double share) {
      return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
    };
    result.interval = Interval{at(0.025), at(0.975)};
  }
  return result;
}

PairAgreement compare(const PatternCounts& patterns, int first, int second) {
  PairAgreement pair{first, second, 0, 0, {}};
  std::vector<Count> by_first(to_size(patterns.num_classes), 0);
  std::vector<Count> by_second(to_size(patterns.num_classes), 0);
  for (std::size_t u = 0; u < patterns.size(); ++u) {
    const std::int32_t a = patterns.pattern(u)[to_size(first)];
    const std::int32_t b = patterns.pattern(u)[to_size(second)];
    if (a < 0 || b < 0) {
      continue;
    }
    pair.both += patterns.counts[u];
    pair.same += a == b ? patterns.counts[u] : 0;
    by_first[to_size(a)] += patterns.counts[u];
    by_second[to_size(b)] += patterns.counts[u];
  }
  pair.kappa.items = pair.both;
  if (pair.both == 0) {
    pair.kappa.reason = "no item has votes of both";
    return pair;
  }
  const auto n = static_cast<double>(pair.both);
  const double observed = static_cast<double>(pair.same) / n;
  double expected = 0;
  for (std::size_t k = 0; k < by_first.size(); ++k) {
    expected += static_cast<double>(by_first[k]) / n * (static_cast<double>(by_second[k]) / n);
  }
  if (expected >= 1) {
    pair.kappa.reason = "all votes are for one class";
    return pair;
  }
  const double kappa = corrected(observed, expected);
  const double error = std::sqrt(observed * (1 - observed) / (n * (1 - expected) * (1 - expected)));
  const double half = normal_quantile(0.975) * error;
  pair.kappa.value = kappa;
  pair.kappa.interval = Interval{std::max(-1.0, kappa - half), std::min(1.0, kappa + half)};
  return pair;
}

std::vector<VoterSummary> summarize_voters(const PatternCounts& patterns,
                                           std::span<const Tally> tallies) {
  std::vector<Count> covered(to_size(patterns.num_voters), 0);
  std::vector<Count> overlapped(covered.size(), 0);
  std::vector<Count> conflicted(covered.size(), 0);
  for (std::size_t u = 0; u < patterns.size(); ++u) {
    for (std::size_t m = 0; m < covered.size(); ++m) {
      if (patterns.pattern(u)[m] >= 0) {
        covered[m] += patterns.counts[u];
        overlapped[m] += tallies[u].cast > 1 ? patterns.counts[u] : 0;
        conflicted[m] += tallies[u].distinct() > 1 ? patterns.counts[u] : 0;
      }
    }
  }
  const auto total = static_cast<double>(std::max<Count>(patterns.num_items(), 1));
  std::vector<VoterSummary> voters;
  for (std::size_t m = 0; m < covered.size(); ++m) {
    voters.push_back({static_cast<double>(covered[m]) / total,
                      static_cast<double>(overlapped[m]) / total,
                      static_cast<double>(conflicted[m]) / total});
  }
  return voters;
}

double vote_entropy(const Tally& tally) {
  double entropy = 0;
  for (const int count : tally.counts) {
    const double share = static_cast<double>(count) / tally.cast;
    entropy -= count > 0 ? share * std::log(share) : 0.0;
  }
  return std::max(0.0, entropy);
}

/// Unanimity, entropy and class conflicts: plain sums over patterns.
void count_disagreement(const PatternCounts& patterns, std::span<const Tally> tallies,
                        Agreement& result) {
  Count with_two = 0;
  Count unanimous = 0;
  Count with_vote = 0;
  double entropy = 0;
  const auto num_classes = to_size(patterns.num_classes);
  result.conflicts.assign(num_classes, std::vector<Count>(num_classes, 0));
  for (std::size_t u = 0; u < patterns.size(); ++u) {
    const Tally& tally = tallies[u];
    const Count count = patterns.counts[u];
    with_two += tally.cast > 1 ? count : 0;
    unanimous += tally.cast > 1 && tally.distinct() == 1 ? count : 0;
    with_vote += tally.cast > 0 ? count : 0;
    entropy += tally.cast > 0 ? static_cast<double>(count) * vote_entropy(tally) : 0.0;
    for (std::size_t k = 0; k < num_classes; ++k) {
      for (std::size_t l = 0; l < num_classes; ++l) {
        result.conflicts[k][l] += k != l && tally.counts[k] > 0 && tally.counts[l] > 0 ? count : 0;
      }
    }
  }
  result.unanimous = proportion(unanimous, with_two);
  result.mean_vote_entropy = with_vote > 0 ? entropy / static_cast<double>(with_vote) : 0.0;
}

}  // namespace

Agreement measure_agreement(const PatternCounts& patterns, int bootstrap_draws,
                            std::uint64_t seed) {
  const std::vector<Tally> tallies = tally_all(patterns);
  Agreement result;
  result.voters = summarize_voters(patterns, tallies);
  for (int a = 0; a < patterns.num_voters; ++a) {
    for (int b = a + 1; b < patterns.num_voters; ++b) {
      result.pairs.push_back(compare(patterns, a, b));
    }
  }
  count_disagreement(patterns, tallies, result);
  const std::vector<double> weights(patterns.counts.begin(), patterns.counts.end());
  const Coefficients all = compute(tallies, weights, patterns.num_classes);
  const auto resamples = bootstrap(tallies, patterns, bootstrap_draws, seed);
  const Count items = result.unanimous.trials;
  const auto make = [&](double Coefficients::*field) {
    return estimate(all.*field, resamples, field, items);
  };
  result.mean_pair_agreement = make(&Coefficients::mean_pair);
  result.fleiss = make(&Coefficients::fleiss);
  result.krippendorff = make(&Coefficients::krippendorff);
  result.gwet_ac1 = make(&Coefficients::gwet);
  result.pabak = make(&Coefficients::pabak);
  return result;
}

}  // namespace kith::qa
