/// Tables of votes from lists of (votes, count), and simulated ones.
#pragma once

#include <cmath>
#include <map>
#include <random>
#include <vector>

#include "kith/label_model/vote_table.hpp"

namespace kith::label_model::test {

/// An item's votes, -1 = abstains, with its known class at the end.
using TableRow = std::vector<std::int32_t>;

inline VoteTable table_of(const std::map<TableRow, Count>& rows, int num_classes) {
  VoteTable table;
  table.num_voters = static_cast<int>(rows.begin()->first.size()) - 1;
  table.num_classes = num_classes;
  for (const auto& [row, count] : rows) {
    for (std::int32_t m = 0; m < table.num_voters; ++m) {
      if (row[to_size(m)] >= 0) {
        table.votes.push_back({m, row[to_size(m)]});
      }
    }
    table.offsets.push_back(table.votes.size());
    table.counts.push_back(count);
    table.known.push_back(row.back());
    table.gold.push_back(-1);
  }
  return table;
}

/// Rows in exactly the proportions of independent voters that all vote: each is right with its
/// accuracy, errors spread evenly, classes with these shares.
inline VoteTable independent_table(const std::vector<double>& accuracies,
                                   const std::vector<double>& shares, double items) {
  const int num_classes = static_cast<int>(shares.size());
  std::map<TableRow, Count> rows;
  const auto all = static_cast<int>(std::pow(num_classes, static_cast<double>(accuracies.size())));
  for (int row = 0; row < all; ++row) {
    double chance = 0;
    TableRow votes;
    for (int truth = 0; truth < num_classes; ++truth) {
      double joint = shares[to_size(truth)];
      votes.clear();
      int rest = row;
      for (const double accuracy : accuracies) {
        votes.push_back(rest % num_classes);
        joint *= votes.back() == truth ? accuracy : (1 - accuracy) / (num_classes - 1);
        rest /= num_classes;
      }
      chance += joint;
    }
    votes.push_back(-1);
    const Count count = std::llround(items * chance);
    if (count > 0) {
      rows[votes] = count;
    }
  }
  return table_of(rows, num_classes);
}

/// A voter of simulated items.
struct MadeVoter {
  double accuracy = 0.8;
  double votes = 1;  // share of items on which it votes
  int only = -1;     // votes this class only: on items of it with `votes`, on others with less,
                     // so that its precision is its accuracy under even shares
  int copies = -1;   // says what that voter says
};

/// Items of even classes; a share `known` of them with their class, all with their gold class.
inline VoteTable made_table(const std::vector<MadeVoter>& voters, int num_classes, int items,
                            double known = 0, unsigned seed = 1) {
  std::mt19937 bits{seed};
  const auto uniform = [&] { return static_cast<double>(bits()) / 4294967296.0; };
  std::vector<VoteRow> rows;
  for (int item = 0; item < items; ++item) {
    VoteRow row;
    const int truth = item % num_classes;
    row.gold = truth;
    row.known = uniform() < known ? truth : -1;
    std::vector<int> said;
    for (const MadeVoter& voter : voters) {
      const double draw = uniform();
      int vote = -1;
      if (voter.copies >= 0) {
        vote = said[to_size(voter.copies)];
      } else if (voter.only >= 0) {
        const double others =
            voter.votes * (1 - voter.accuracy) / voter.accuracy / (num_classes - 1);
        vote = draw < (truth == voter.only ? voter.votes : others) ? voter.only : -1;
      } else if (draw < voter.votes) {
        const int shift = static_cast<int>(uniform() * (num_classes - 1));
        vote = uniform() < voter.accuracy ? truth : (truth + 1 + shift) % num_classes;
      }
      said.push_back(vote);
      if (vote >= 0) {
        row.votes.push_back({static_cast<std::int32_t>(said.size()) - 1, vote});
      }
    }
    rows.push_back(row);
  }
  return make_vote_table(static_cast<int>(voters.size()), num_classes, rows);
}

}  // namespace kith::label_model::test
