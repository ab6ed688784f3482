#include "agreement_totals.hpp"

#include <algorithm>

#include "kith/comm/collectives.hpp"
#include "kith/core/parallel.hpp"
#include "kith/qa/accuracy.hpp"

namespace kith::qa {
namespace {

constexpr Count kGrain = 4096;

}  // namespace

AgreementTotals::AgreementTotals(int num_voters, int num_classes)
    : num_voters_{to_size(num_voters)},
      num_classes_{to_size(num_classes)},
      num_tabled_{num_classes <= kTableClasses ? to_size(num_classes) : 0} {
  numbers_.assign(first_of_pair(num_voters_ * (num_voters_ - 1) / 2), 0);
  sums_.resize(CoefficientTerms::size(num_classes) + 1);
}

void AgreementTotals::add(std::span<const std::int32_t> row, const Tally& tally, Count count) {
  const auto entries = tally.entries();
  if (entries.empty()) {
    return;
  }
  const bool is_shared = tally.cast() > 1;
  const bool is_split = entries.size() > 1;
  numbers_[with_vote] += count;
  numbers_[with_two] += is_shared ? count : 0;
  numbers_[unanimous] += is_shared && !is_split ? count : 0;
  numbers_[no_majority] += 2 * tally.largest() < tally.cast() ? count : 0;
  for (std::size_t m = 0; m < num_voters_; ++m) {
    if (row[m] >= 0) {
      Count* of_voter = numbers_.data() + num_numbers + 3 * m;
      of_voter[0] += count;
      of_voter[1] += is_shared ? count : 0;
      of_voter[2] += is_split ? count : 0;
    }
  }
  for (const Tally::Entry& a : entries) {
    for (const Tally::Entry& b : entries) {
      if (a.label != b.label && num_tabled_ > 0) {
        numbers_[first_conflict() + to_size(a.label) * num_tabled_ + to_size(b.label)] += count;
      }
    }
  }
  add_pairs(row, count);
  const auto weight = static_cast<double>(count);
  CoefficientTerms::of(tally,
                       [&](std::size_t index, double value) { sums_[index].add(weight * value); });
  sums_.back().add(weight * tally.entropy());
}

void AgreementTotals::add_pairs(std::span<const std::int32_t> row, Count count) {
  Count* pair = numbers_.data() + first_of_pair(0);
  const std::size_t width = 2 + 2 * num_classes_;
  for (std::size_t a = 0; a < num_voters_; ++a) {
    for (std::size_t b = a + 1; b < num_voters_; ++b, pair += width) {
      if (row[a] >= 0 && row[b] >= 0) {
        pair[0] += count;
        pair[1] += row[a] == row[b] ? count : 0;
        pair[2 + to_size(row[a])] += count;
        pair[2 + num_classes_ + to_size(row[b])] += count;
      }
    }
  }
}

void AgreementTotals::add(const AgreementTotals& other) {
  std::transform(numbers_.begin(), numbers_.end(), other.numbers_.begin(), numbers_.begin(),
                 std::plus<>{});
  for (std::size_t i = 0; i < sums_.size(); ++i) {
    sums_[i].add(other.sums_[i]);
  }
}

void AgreementTotals::sum_over(const comm::Communicator& comm) {
  comm::sum_over_ranks(comm, numbers_);
  comm::sum_over_ranks(comm, sums_);
}

Count AgreementTotals::conflicts(std::size_t k, std::size_t l) const {
  return numbers_[first_conflict() + k * num_tabled_ + l];
}

PairTotals AgreementTotals::pair(std::size_t pair) const {
  const auto first = numbers_.begin() + static_cast<Count>(first_of_pair(pair));
  const auto classes = static_cast<Count>(num_classes_);
  return {first[0],
          first[1],
          {first + 2, first + 2 + classes},
          {first + 2 + classes, first + 2 + 2 * classes}};
}

std::vector<double> AgreementTotals::coefficient_sums() const {
  std::vector<double> values;
  for (std::size_t i = 0; i + 1 < sums_.size(); ++i) {
    values.push_back(sums_[i].value());
  }
  return values;
}

AgreementTotals total_agreement(const VoteRows& rows) {
  std::vector<AgreementTotals> partial(to_size(num_threads()),
                                       AgreementTotals{rows.num_voters, rows.num_classes});
  parallel_for(static_cast<Count>(rows.size()), kGrain, [&](Count begin, Count end) {
    Tally tally;
    for (auto u = to_size(begin); u < to_size(end); ++u) {
      tally.count(rows.row(u));
      partial[to_size(thread_index())].add(rows.row(u), tally, rows.count(u));
    }
  });
  for (std::size_t thread = 1; thread < partial.size(); ++thread) {
    partial[0].add(partial[thread]);
  }
  return partial[0];
}

}  // namespace kith::qa
