// How often voters agree, beyond what is counted voter by voter.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "label_model/task.hpp"

namespace kith::label_model {

/// Two voters on the items on which both vote.
struct PairCount {
  std::int32_t other = 0;
  Count both = 0;
  Count agree = 0;
};

/// Of each voter: those with whom it has votes in common and a larger number; by number.
using PairCounts = std::vector<std::vector<PairCount>>;

/// Pairs of votes in one row, over all rows, beyond which pairs are not counted: seconds.
inline constexpr Count kMaxPairIncidences = 20'000'000;

/// None beyond kMaxPairIncidences. Memory: the pairs that there are.
[[nodiscard]] std::optional<PairCounts> count_pairs(const VoteTable& table,
                                                    const VoterIndex& index);

/// Each voter's expected number of right votes among `votes`.
struct Accuracy {
  double right = 0;
  double votes = 0;
  bool is_known = false;  // by votes on items of known class
};

/// On rows of known class where a voter has kEnoughKnown such votes; else how often it agrees with
/// the majority of the other voters, each with its weight, on rows with others.
[[nodiscard]] std::vector<Accuracy> accuracies_by_others(const Task& task,
                                                         std::span<const double> weights);

/// Votes on items of known class from which on they alone say how good a voter is: the standard
/// error is then 0.1 at most.
inline constexpr double kEnoughKnown = 25;

}  // namespace kith::label_model
