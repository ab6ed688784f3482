#include "kith/qa/agreement.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/poisson.hpp>

#include "kith/comm/collectives.hpp"
#include "kith/core/parallel.hpp"
#include "kith/core/random.hpp"
#include "kith/qa/accuracy.hpp"

#include "agreement_coefficients.hpp"
#include "agreement_totals.hpp"
#include "cohen_kappa.hpp"

namespace kith::qa {
namespace {

using Terms = CoefficientTerms;

constexpr Count kMaxBootstrapWork = 30'000'000;  // patterns x draws; beyond it: linearization
constexpr Count kGrain = 4096;
constexpr double kNudge = 1e-6;  // of a sum, for a numerical derivative

/// A Poisson(n) draw for n items that each come Poisson(1) times: normal beyond what a table needs.
double poisson_draw(double mean, double uniform) {
  if (mean < 30) {
    double chance = std::exp(-mean);
    double below = chance;
    int draw = 0;
    while (below < uniform && chance > 0) {
      chance *= mean / ++draw;
      below += chance;
    }
    return draw;
  }
  const double inside = std::clamp(uniform, 1e-16, 1 - 1e-16);
  if (mean > 1000) {
    return std::max(
        0.0, std::round(boost::math::quantile(boost::math::normal{mean, std::sqrt(mean)}, inside)));
  }
  return boost::math::quantile(boost::math::poisson{mean}, inside);
}

std::vector<std::vector<double>> bootstrap(const VoteRows& rows, int draws, std::uint64_t seed) {
  std::vector<Tally> tallies(rows.size());
  for (std::size_t u = 0; u < rows.size(); ++u) {
    tallies[u].count(rows.row(u));
  }
  std::vector<std::vector<double>> results(to_size(draws));
  parallel_for(draws, 8, [&](Count begin, Count end) {
    for (Count draw = begin; draw < end; ++draw) {
      std::vector<double> sums(Terms::size(rows.num_classes), 0.0);
      for (std::size_t u = 0; u < tallies.size(); ++u) {
        const double uniform =
            random_uniform(seed, Purpose::statistics_bootstrap, static_cast<std::int64_t>(u),
                           static_cast<std::uint64_t>(draw));
        const double weight = poisson_draw(static_cast<double>(rows.count(u)), uniform);
        Terms::of(tallies[u],
                  [&](std::size_t index, double value) { sums[index] += weight * value; });
      }
      results[to_size(draw)] = coefficients(sums, rows.num_classes);
      results[to_size(draw)].resize(num_intervals(rows.num_classes));
    }
  });
  return results;
}

/// Derivatives with respect to the sums of one class.
void derive_class(std::span<const double> sums, const Chance& chance, int num_classes,
                  std::size_t k, std::vector<std::vector<double>>& slopes) {
  const double items = sums[Terms::items];
  const double votes = sums[Terms::votes];
  const double observed = sums[Terms::pair_agreement] / items;
  const double p = sums[Terms::votes_of(k)] / votes;
  const double share = sums[Terms::share_of(k)] / items;
  const auto by_expected = [&](double expected) {  // of (observed - expected) / (1 - expected)
    return -(1 - observed) / ((1 - expected) * (1 - expected));
  };
  slopes[fleiss][Terms::votes_of(k)] = by_expected(chance.fleiss) * 2 * p / votes;
  slopes[krippendorff][Terms::votes_of(k)] = -sums[Terms::disagreement] / votes /
                                             (chance.disagreement * chance.disagreement) * 2 * p /
                                             (votes - 1);
  slopes[gwet][Terms::share_of(k)] =
      by_expected(chance.gwet) * (1 - 2 * share) / (items * std::max(1, num_classes - 1));
  if (first_class + k < slopes.size()) {
    std::vector<double>& kappa = slopes[first_class + k];
    const double variance = p * (1 - p);
    const double split = sums[Terms::split_of(k)] / items;
    kappa[Terms::votes_of(k)] = split * (1 - 2 * p) / (variance * variance) / votes;
    kappa[Terms::split_of(k)] = -1 / (items * variance);
  }
}

/// Derivatives of the coefficients with respect to the sums: [coefficient][sum].
std::vector<std::vector<double>> derivatives(std::span<const double> sums, int num_classes) {
  std::vector<std::vector<double>> slopes(num_intervals(num_classes),
                                          std::vector<double>(sums.size(), 0.0));
  std::vector<double> moved(sums.begin(), sums.end());
  for (std::size_t i = 0; i < Terms::num_scalars; ++i) {
    const double step = kNudge * std::max(1.0, sums[i]);
    moved[i] = sums[i] + step;
    const std::vector<double> above = coefficients(moved, num_classes);
    moved[i] = sums[i] - step;
    const std::vector<double> below = coefficients(moved, num_classes);
    moved[i] = sums[i];
    for (std::size_t c = 0; c < slopes.size(); ++c) {
      slopes[c][i] = (above[c] - below[c]) / (2 * step);
    }
  }
  const Chance chance = by_chance(sums, num_classes);
  for (std::size_t k = 0; k < to_size(num_classes); ++k) {
    derive_class(sums, chance, num_classes, k, slopes);
  }
  return slopes;
}

/// Variance of each coefficient if the items were drawn anew: the sum over items of the squared
/// influence, which is what the Poisson bootstrap's variance tends to.
std::vector<ExactSum> linearized_variances(const VoteRows& rows,
                                           const std::vector<std::vector<double>>& slopes,
                                           Count num_items) {
  std::vector<std::vector<ExactSum>> partial(to_size(num_threads()),
                                             std::vector<ExactSum>(slopes.size()));
  const auto items = static_cast<double>(num_items);
  parallel_for(static_cast<Count>(rows.size()), kGrain, [&](Count begin, Count end) {
    Tally tally;
    std::vector<double> influence(slopes.size());
    for (auto u = to_size(begin); u < to_size(end); ++u) {
      tally.count(rows.row(u));
      std::fill(influence.begin(), influence.end(), 0.0);
      Terms::of(tally, [&](std::size_t index, double value) {
        for (std::size_t c = 0; c < slopes.size(); ++c) {
          influence[c] += slopes[c][index] * value;
        }
      });
      for (std::size_t c = 0; c < slopes.size(); ++c) {
        if (!std::isnan(influence[c])) {
          const double scaled = influence[c] * items;  // of the size of 1: fixed point needs it
          partial[to_size(thread_index())][c].add(static_cast<double>(rows.count(u)) * scaled *
                                                  scaled);
        }
      }
    }
  });
  for (std::size_t thread = 1; thread < partial.size(); ++thread) {
    for (std::size_t c = 0; c < slopes.size(); ++c) {
      partial[0][c].add(partial[thread][c]);
    }
  }
  return partial[0];
}

/// The percentile interval of the resamples.
std::optional<Interval> percentile_interval(std::span<const std::vector<double>> resamples,
                                            std::size_t coefficient) {
  std::vector<double> values;
  for (const std::vector<double>& resample : resamples) {
    if (!std::isnan(resample[coefficient])) {
      values.push_back(resample[coefficient]);
    }
  }
  if (values.size() < 40) {
    return std::nullopt;
  }
  std::sort(values.begin(), values.end());
  const auto at = [&](double share) {
    return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
  };
  return Interval{at(0.025), at(0.975)};
}

Estimate estimate(double value, std::optional<Interval> interval, Count items) {
  Estimate result;
  result.items = items;
  if (std::isnan(value)) {
    result.reason = items == 0 ? "no item has two votes" : "all votes are for one class";
    return result;
  }
  result.value = value;
  result.interval = interval;
  return result;
}

std::vector<VoterSummary> summarize_voters(const AgreementTotals& totals, int num_voters,
                                           Count num_items) {
  const auto total = static_cast<double>(std::max<Count>(num_items, 1));
  std::vector<VoterSummary> voters;
  for (std::size_t m = 0; m < to_size(num_voters); ++m) {
    voters.push_back({static_cast<double>(totals.covered(m)) / total,
                      static_cast<double>(totals.overlapped(m)) / total,
                      static_cast<double>(totals.conflicted(m)) / total});
  }
  return voters;
}

/// Everything but the intervals of the coefficients, which `interval` gives.
Agreement describe(const AgreementTotals& totals, const VoteRows& rows, Count num_items,
                   std::span<const ExactSum> pair_squares,
                   const std::function<std::optional<Interval>(std::size_t)>& interval) {
  Agreement result;
  result.voters = summarize_voters(totals, rows.num_voters, num_items);
  for (int a = 0; a < rows.num_voters; ++a) {
    for (int b = a + 1; b < rows.num_voters; ++b) {
      const std::size_t pair = result.pairs.size();
      result.pairs.push_back(compare_pair(totals.pair(pair), pair_squares[pair].value(), a, b));
    }
  }
  const Count with_two = totals.number(AgreementTotals::with_two);
  const Count with_vote = totals.number(AgreementTotals::with_vote);
  result.unanimous = proportion(totals.number(AgreementTotals::unanimous), with_two);
  result.no_majority = proportion(totals.number(AgreementTotals::no_majority), with_vote);
  result.mean_vote_entropy =
      with_vote > 0 ? totals.entropy() / static_cast<double>(with_vote) : 0.0;
  const std::size_t num_tabled = totals.num_tabled();
  result.conflicts.assign(num_tabled, std::vector<Count>(num_tabled, 0));
  for (std::size_t k = 0; k < num_tabled; ++k) {
    for (std::size_t l = 0; l < num_tabled; ++l) {
      result.conflicts[k][l] = totals.conflicts(k, l);
    }
  }
  const std::vector<double> sums = totals.coefficient_sums();
  result.pairable_votes = std::llround(sums[Terms::votes]);
  const std::vector<double> values = coefficients(sums, rows.num_classes);
  const auto make = [&](std::size_t c) {
    return estimate(values[c], c < num_intervals(rows.num_classes) ? interval(c) : std::nullopt,
                    with_two);
  };
  result.mean_pair_agreement = make(mean_pair);
  result.fleiss = make(fleiss);
  result.krippendorff = make(krippendorff);
  result.gwet_ac1 = make(gwet);
  result.pabak = make(pabak);
  for (std::size_t k = 0; k < to_size(rows.num_classes); ++k) {
    Estimate& of_class = result.class_kappas.emplace_back(make(first_class + k));
    if (!of_class.value && with_two > 0) {
      of_class.reason = "the class has no vote or all";
    }
  }
  return result;
}

/// value +- 1.96 standard errors, from sums of squared influences (times items^2).
std::function<std::optional<Interval>(std::size_t)> normal_intervals(
    std::vector<double> values, std::vector<double> variances) {
  return [values = std::move(values), variances = std::move(variances)](std::size_t c) {
    const double half = normal_quantile(0.975) * std::sqrt(variances[c]);
    return std::optional{
        Interval{std::max(-1.0, values[c] - half), std::min(1.0, values[c] + half)}};
  };
}

std::vector<double> scaled_values(std::span<const ExactSum> sums, double divisor) {
  std::vector<double> values;
  for (const ExactSum& sum : sums) {
    values.push_back(sum.value() / divisor);
  }
  return values;
}

}  // namespace

Agreement measure_agreement(const label_model::PatternCounts& patterns, int bootstrap_draws,
                            std::uint64_t seed) {
  const VoteRows rows{patterns.votes, patterns.counts, patterns.num_voters, patterns.num_classes};
  const AgreementTotals totals = total_agreement(rows);
  const Count num_items = patterns.num_items();
  const std::vector<ExactSum> pair_squares = square_pair_influences(rows, totals);
  const bool is_small = count_of(patterns.counts) * bootstrap_draws <= kMaxBootstrapWork;
  if (bootstrap_draws > 0 && is_small) {
    const auto resamples = bootstrap(rows, bootstrap_draws, seed);
    return describe(totals, rows, num_items, pair_squares,
                    [&](std::size_t c) { return percentile_interval(resamples, c); });
  }
  const std::vector<double> sums = totals.coefficient_sums();
  const auto squares = linearized_variances(rows, derivatives(sums, rows.num_classes), num_items);
  const auto size = static_cast<double>(num_items);
  return describe(
      totals, rows, num_items, pair_squares,
      normal_intervals(coefficients(sums, rows.num_classes), scaled_values(squares, size * size)));
}

Agreement stream_agreement(const comm::Communicator& comm, std::span<const std::int32_t> votes,
                           int num_voters, int num_classes) {
  const VoteRows rows{votes, {}, num_voters, num_classes};
  AgreementTotals totals = total_agreement(rows);
  totals.sum_over(comm);
  const Count num_items = comm::sum_over_ranks(comm, static_cast<Count>(rows.size()));
  const std::vector<double> sums = totals.coefficient_sums();
  auto squares = linearized_variances(rows, derivatives(sums, num_classes), num_items);
  comm::sum_over_ranks(comm, squares);
  std::vector<ExactSum> pair_squares = square_pair_influences(rows, totals);
  comm::sum_over_ranks(comm, pair_squares);
  const auto size = static_cast<double>(num_items);
  return describe(
      totals, rows, num_items, pair_squares,
      normal_intervals(coefficients(sums, num_classes), scaled_values(squares, size * size)));
}

}  // namespace kith::qa
