// The logarithms of what voters say, ready to be added up over rows.
#pragma once

#include <cmath>
#include <span>
#include <vector>

#include "kith/label_model/method.hpp"

namespace kith::label_model {

/// A coin holds 2 numbers a class, its vote for a wrong class and what it has more for the right
/// one; a table holds K a class. Cost O(voters K) to build, K times as much for a table.
class LogChances {
 public:
  LogChances(std::span<const VoterModel> voters, int num_classes);

  /// sums: the log prior before, P(true class | votes) after, 1 for the known class where there is
  /// one (-1: none). Returns the log-likelihood of the votes and the known class.
  double posterior(std::span<const Vote> votes, std::int32_t known, std::span<double> sums) const;

 private:
  void add(const Vote& vote, std::span<double> sums, double& common) const;

  std::size_t num_classes_;
  std::vector<std::size_t> offsets_;    // by voter
  std::vector<std::uint8_t> is_table_;  // by voter
  std::vector<double> numbers_;
};

}  // namespace kith::label_model
