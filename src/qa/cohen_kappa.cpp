#include "cohen_kappa.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kith/core/parallel.hpp"

namespace kith::qa {
namespace {

constexpr Count kGrain = 4096;

/// What the two voters' margins say.
struct Margins {
  std::vector<double> first;
  std::vector<double> second;
  double observed = 0;  // share on which they agree
  double expected = 0;  // the same by chance

  explicit Margins(const PairTotals& totals) {
    const auto n = static_cast<double>(std::max<Count>(totals.both, 1));
    observed = static_cast<double>(totals.same) / n;
    for (std::size_t k = 0; k < totals.by_first.size(); ++k) {
      first.push_back(static_cast<double>(totals.by_first[k]) / n);
      second.push_back(static_cast<double>(totals.by_second[k]) / n);
      expected += first[k] * second[k];
    }
  }
  [[nodiscard]] bool is_defined() const { return expected < 1; }
  /// (1 - kappa): disagreement over chance disagreement.
  [[nodiscard]] double ratio() const { return (1 - observed) / (1 - expected); }
  [[nodiscard]] double influence(std::int32_t a, std::int32_t b) const {
    const double differs = a != b ? 1.0 : 0.0;
    return (differs - ratio() * (2 - second[to_size(a)] - first[to_size(b)])) / (1 - expected);
  }
};

}  // namespace

std::vector<ExactSum> square_pair_influences(const VoteRows& rows, const AgreementTotals& totals) {
  const std::size_t num_voters = to_size(rows.num_voters);
  std::vector<Margins> margins;
  for (std::size_t pair = 0; pair < num_voters * (num_voters - 1) / 2; ++pair) {
    margins.emplace_back(totals.pair(pair));
  }
  std::vector<std::vector<ExactSum>> partial(to_size(num_threads()),
                                             std::vector<ExactSum>(margins.size()));
  parallel_for(static_cast<Count>(rows.size()), kGrain, [&](Count begin, Count end) {
    std::vector<ExactSum>& sums = partial[to_size(thread_index())];
    for (auto u = to_size(begin); u < to_size(end); ++u) {
      const auto row = rows.row(u);
      const auto count = static_cast<double>(rows.count(u));
      std::size_t pair = 0;
      for (std::size_t a = 0; a < num_voters; ++a) {
        for (std::size_t b = a + 1; b < num_voters; ++b, ++pair) {
          if (row[a] >= 0 && row[b] >= 0 && margins[pair].is_defined()) {
            const double influence = margins[pair].influence(row[a], row[b]);
            sums[pair].add(count * influence * influence);
          }
        }
      }
    }
  });
  for (std::size_t thread = 1; thread < partial.size(); ++thread) {
    for (std::size_t pair = 0; pair < margins.size(); ++pair) {
      partial[0][pair].add(partial[thread][pair]);
    }
  }
  return partial[0];
}

PairAgreement compare_pair(const PairTotals& totals, double squares, int first, int second) {
  PairAgreement pair{first, second, totals.both, totals.same, {}};
  pair.kappa.items = pair.both;
  if (pair.both == 0) {
    pair.kappa.reason = "no item has votes of both";
    return pair;
  }
  const Margins margins{totals};
  if (!margins.is_defined()) {
    pair.kappa.reason = "all votes are for one class";
    return pair;
  }
  const auto n = static_cast<double>(pair.both);
  const double ratio = margins.ratio();
  const double variance = std::max(0.0, squares / n - ratio * ratio) / n;  // mean influence: -ratio
  const double half = normal_quantile(0.975) * std::sqrt(variance);
  pair.kappa.value = 1 - ratio;
  pair.kappa.interval = Interval{std::max(-1.0, 1 - ratio - half), std::min(1.0, 1 - ratio + half)};
  return pair;
}

}  // namespace kith::qa
