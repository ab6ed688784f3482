/// Everything that agreement is computed from, as sums over rows of votes.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "kith/comm/communicator.hpp"
#include "kith/core/exact_sum.hpp"
#include "kith/core/types.hpp"

namespace kith::qa {

/// Rows of votes and how often each occurs.
struct VoteRows {
  std::span<const std::int32_t> votes;  // rows x voters, -1 = abstains
  std::span<const Count> counts;        // empty = once each
  int num_voters = 0;
  int num_classes = 0;

  [[nodiscard]] std::size_t size() const { return votes.size() / to_size(num_voters); }
  [[nodiscard]] std::span<const std::int32_t> row(std::size_t index) const {
    return votes.subspan(index * to_size(num_voters), to_size(num_voters));
  }
  [[nodiscard]] Count count(std::size_t index) const { return counts.empty() ? 1 : counts[index]; }
};

/// The classes that got votes in one row.
class Tally {
 public:
  struct Entry {
    std::int32_t label;
    int votes;
  };

  void count(std::span<const std::int32_t> row) {
    entries_.clear();
    cast_ = 0;
    for (const std::int32_t vote : row) {
      if (vote >= 0) {
        add(vote);
        ++cast_;
      }
    }
  }
  [[nodiscard]] std::span<const Entry> entries() const { return entries_; }
  [[nodiscard]] int cast() const { return cast_; }
  [[nodiscard]] int largest() const {
    int most = 0;
    for (const Entry& entry : entries_) {
      most = std::max(most, entry.votes);
    }
    return most;
  }
  /// Share of pairs of votes that agree; needs two votes.
  [[nodiscard]] double pair_agreement() const {
    double same = 0;
    for (const Entry& entry : entries_) {
      same += static_cast<double>(entry.votes) * (entry.votes - 1);
    }
    return same / (static_cast<double>(cast_) * (cast_ - 1));
  }
  [[nodiscard]] double entropy() const {
    double sum = 0;
    for (const Entry& entry : entries_) {
      sum += entry.votes * std::log(entry.votes);
    }
    return std::max(0.0, std::log(cast_) - sum / cast_);
  }

 private:
  void add(std::int32_t label) {
    for (Entry& entry : entries_) {
      if (entry.label == label) {
        ++entry.votes;
        return;
      }
    }
    entries_.push_back({label, 1});
  }

  std::vector<Entry> entries_;
  int cast_ = 0;
};

/// The sums behind the chance-corrected coefficients: four scalars, then three values a class.
struct CoefficientTerms {
  enum Scalar : std::size_t { items, votes, pair_agreement, disagreement, num_scalars };

  static std::size_t size(int num_classes) { return num_scalars + 3 * to_size(num_classes); }
  static std::size_t votes_of(std::size_t k) { return num_scalars + 3 * k; }
  static std::size_t share_of(std::size_t k) { return num_scalars + 3 * k + 1; }
  static std::size_t split_of(std::size_t k) { return num_scalars + 3 * k + 2; }

  /// Calls add(index, value) for what one row adds to each sum; nothing for fewer than two votes.
  template <class Add>
  static void of(const Tally& tally, Add&& add) {
    if (tally.cast() < 2) {
      return;
    }
    const double cast = tally.cast();
    const double agreement = tally.pair_agreement();
    add(items, 1.0);
    add(votes, cast);
    add(pair_agreement, agreement);
    add(disagreement, cast * (1 - agreement));
    for (const Tally::Entry& entry : tally.entries()) {
      const std::size_t k = to_size(entry.label);
      add(votes_of(k), entry.votes);
      add(share_of(k), entry.votes / cast);
      add(split_of(k), entry.votes * (cast - entry.votes) / (cast * (cast - 1)));
    }
  }
};

/// Two voters' votes on the items on which both vote.
struct PairTotals {
  Count both = 0;
  Count same = 0;
  std::vector<Count> by_first;
  std::vector<Count> by_second;
};

class AgreementTotals {
 public:
  AgreementTotals(int num_voters, int num_classes);

  void add(std::span<const std::int32_t> row, const Tally& tally, Count count);
  void add(const AgreementTotals& other);
  /// Collective.
  void sum_over(const comm::Communicator& comm);

  enum Number : std::size_t { with_vote, with_two, unanimous, no_majority, num_numbers };
  [[nodiscard]] Count number(Number which) const { return numbers_[which]; }
  [[nodiscard]] Count covered(std::size_t voter) const { return of_voter(voter, 0); }
  [[nodiscard]] Count overlapped(std::size_t voter) const { return of_voter(voter, 1); }
  [[nodiscard]] Count conflicted(std::size_t voter) const { return of_voter(voter, 2); }
  /// Classes with conflicts: all, or with more than kTableClasses none.
  [[nodiscard]] std::size_t num_tabled() const { return num_tabled_; }
  [[nodiscard]] Count conflicts(std::size_t k, std::size_t l) const;
  /// pair: in the order (0, 1), (0, 2), ..., (1, 2), ...
  [[nodiscard]] PairTotals pair(std::size_t pair) const;
  [[nodiscard]] double entropy() const { return sums_.back().value(); }
  [[nodiscard]] std::vector<double> coefficient_sums() const;

 private:
  [[nodiscard]] Count of_voter(std::size_t voter, std::size_t what) const {
    return numbers_[num_numbers + 3 * voter + what];
  }
  [[nodiscard]] std::size_t first_conflict() const { return num_numbers + 3 * num_voters_; }
  [[nodiscard]] std::size_t first_of_pair(std::size_t pair) const {
    return first_conflict() + num_tabled_ * num_tabled_ + pair * (2 + 2 * num_classes_);
  }
  void add_pairs(std::span<const std::int32_t> row, Count count);

  std::size_t num_voters_;
  std::size_t num_classes_;
  std::size_t num_tabled_;
  std::vector<Count> numbers_;  // scalars, voters, conflicts, pairs
  std::vector<ExactSum> sums_;  // of the coefficients, then entropy
};

/// Over threads; the same for any number of them.
[[nodiscard]] AgreementTotals total_agreement(const VoteRows& rows);

}  // namespace kith::qa
