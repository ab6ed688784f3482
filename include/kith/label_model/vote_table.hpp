/// The distinct rows of votes with how many items have each: what label models are fitted to and
/// what voters are described from.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "kith/comm/communicator.hpp"
#include "kith/core/types.hpp"

namespace kith::label_model {

/// A voter's vote in a row.
struct Vote {
  std::int32_t voter = 0;
  std::int32_t label = 0;  // a class

  auto operator<=>(const Vote&) const = default;
};

/// Rows in the order of their votes, then of their known and gold class; the same on every rank.
/// A row holds only votes that were cast, so memory grows with these, not with the voters.
struct VoteTable {
  int num_voters = 0;
  int num_classes = 0;
  std::vector<std::size_t> offsets{0};  // rows + 1, into votes
  std::vector<Vote> votes;              // of a row: by voter, each voter once
  std::vector<Count> counts;            // items with this row, above 0
  std::vector<std::int32_t> known;      // the class that these items are known to have, to learn
                                        // from; -1 = unknown
  std::vector<std::int32_t> gold;       // the class they have, only to measure with; -1 = unknown

  [[nodiscard]] std::size_t size() const { return counts.size(); }
  [[nodiscard]] std::span<const Vote> row(std::size_t index) const {
    return std::span{votes}.subspan(offsets[index], offsets[index + 1] - offsets[index]);
  }
  [[nodiscard]] Count num_items() const;
};

/// An item's votes with what is known of it.
struct VoteRow {
  std::vector<Vote> votes;  // by voter, each voter once
  std::int32_t known = -1;
  std::int32_t gold = -1;

  auto operator<=>(const VoteRow&) const = default;
};

/// The most numbers of 32 bits that the distinct rows may hold: a row takes 3, and 2 a vote.
inline constexpr Count kMaxNumbers = 500'000'000;

/// Collects this rank's items one by one; equal ones are counted together.
class VoteTableBuilder {
 public:
  VoteTableBuilder(int num_voters, int num_classes);
  ~VoteTableBuilder();
  VoteTableBuilder(VoteTableBuilder&& other) noexcept;
  VoteTableBuilder& operator=(VoteTableBuilder&& other) noexcept;
  VoteTableBuilder(const VoteTableBuilder&) = delete;
  VoteTableBuilder& operator=(const VoteTableBuilder&) = delete;

  /// votes: by voter, each voter once, cast ones only. Throws Error if this rank's distinct rows
  /// hold more than kMaxNumbers.
  void add(std::span<const Vote> votes, std::int32_t known, std::int32_t gold);

  /// Collective. The items of all ranks together, the same on every rank. Memory there: all
  /// distinct rows, about 3 times while they are joined. Throws CollectiveError, as add(), for the
  /// rows of all ranks together.
  [[nodiscard]] VoteTable build(const comm::Communicator& comm) const;

 private:
  friend VoteTable make_vote_table(int num_voters, int num_classes, std::span<const VoteRow> rows);
  struct Rows;
  std::unique_ptr<Rows> rows_;
};

/// A table of these rows, one item each; for tests and for those who hold all rows.
[[nodiscard]] VoteTable make_vote_table(int num_voters, int num_classes,
                                        std::span<const VoteRow> rows);

}  // namespace kith::label_model
