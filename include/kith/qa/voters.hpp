/// What each voter does: how often it votes, how often it votes alone, against others, and right.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "kith/core/types.hpp"
#include "kith/label_model/vote_table.hpp"
#include "kith/qa/intervals.hpp"

namespace kith::qa {

/// Items of one class that a voter takes for another one.
struct Mistake {
  Label truth;
  Label vote;
  Count items = 0;
};

/// Of one voter. Coverage, overlap and conflict are shares of all items, as Snorkel's LFAnalysis
/// defines them (A. Ratner et al., PVLDB 11(3), 2017).
struct VoterStatistics {
  Count num_votes = 0;                // items that it votes on
  Count num_alone = 0;                // of these, items that no other voter votes on
  Count num_overlaps = 0;             // items that some other voter votes on too
  Count num_conflicts = 0;            // items that it votes on where any two votes differ
  Count num_contradicted = 0;         // items where some other vote differs from its own
  std::vector<Count> votes_by_class;  // K
  std::vector<Proportion> precision;  // K: of its votes for the class, on items whose class is
                                      // known, those that are right
  Proportion accuracy;                // of its votes on items whose class is known
  std::vector<Mistake> mistakes;      // at most 3 pairs of classes, of most items first
};

struct VoteStatistics {
  Count num_items = 0;
  Count num_covered = 0;              // items with a vote
  Count num_overlaps = 0;             // with two votes or more
  Count num_conflicts = 0;            // with two votes that differ
  std::vector<Count> items_by_votes;  // [n]: items with n votes; the last: that many or more
  std::vector<VoterStatistics> voters;

  [[nodiscard]] double share(Count items) const;  // of all items; 0 without items
};

/// The classes that votes are measured against.
enum class Truth {
  known,  // those to learn from
  gold,   // those only to measure with
};

/// Cost O(votes of all rows). Memory: voters x K counts.
[[nodiscard]] VoteStatistics measure_voters(const label_model::VoteTable& table, Truth truth);

/// Items whose label is another one without the voter, for each voter: the model stays as it is.
/// posterior: fills K numbers from a row's votes; called from several threads. The label is the
/// most probable class, ties to the smaller; an item whose only vote goes has none, and counts.
/// Cost O(votes of all rows x votes of a row x K).
[[nodiscard]] std::vector<Count> changes_without(
    const label_model::VoteTable& table,
    const std::function<void(std::span<const label_model::Vote>, std::span<double>)>& posterior);

}  // namespace kith::qa
