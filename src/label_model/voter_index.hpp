// The votes of a table by voter, so that a voter's sums need no memory of their own.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kith/label_model/vote_table.hpp"

namespace kith::label_model {

/// A vote where its voter sees it.
struct CastVote {
  std::uint32_t row = 0;
  std::int32_t label = 0;
  std::uint32_t position = 0;  // in VoteTable::votes
};

/// How many classes a voter votes for.
struct Breadth {
  Count votes = 0;                    // items
  double unknown = 0;                 // of them, items of unknown class
  std::vector<std::int32_t> classes;  // rising

  /// It never votes another class: a rule, or an annotator that always says the same.
  [[nodiscard]] bool is_constant() const { return classes.size() == 1; }
  /// It is asked for any class, as an annotator is: it votes more than half of the classes, or of
  /// as many as it has votes.
  [[nodiscard]] bool is_broad(int num_classes) const;
  /// Its votes can say how it confuses classes.
  [[nodiscard]] bool shows_confusions(int num_classes) const {
    return is_broad(num_classes) && !is_constant();
  }
};

class VoterIndex {
 public:
  /// Cost O(votes). Throws Error for 2^32 votes or rows.
  explicit VoterIndex(const VoteTable& table);

  [[nodiscard]] std::span<const CastVote> votes_of(int voter) const {
    return std::span{votes_}.subspan(offsets_[to_size(voter)],
                                     offsets_[to_size(voter) + 1] - offsets_[to_size(voter)]);
  }
  [[nodiscard]] const Breadth& breadth(int voter) const { return breadths_[to_size(voter)]; }
  /// Most votes come from voters that are asked for any class: how often a class is voted then says
  /// how frequent it is. Of rules for single classes it says how many rules somebody wrote.
  [[nodiscard]] bool tells_shares() const { return tells_shares_; }
  [[nodiscard]] int num_active() const { return num_active_; }  // voters with a vote

 private:
  void measure(const VoteTable& table);

  std::vector<std::size_t> offsets_;  // voters + 1
  std::vector<CastVote> votes_;       // of a voter: in the order of rows
  std::vector<Breadth> breadths_;
  bool tells_shares_ = false;
  int num_active_ = 0;
};

}  // namespace kith::label_model
