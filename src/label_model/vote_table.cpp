#include "kith/label_model/vote_table.hpp"

#include <algorithm>
#include <numeric>

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/core/error.hpp"

#include "label_model/row_counts.hpp"

namespace kith::label_model {
namespace {

/// A row holds an item's known class, its gold class, and voter and label of each vote.
constexpr std::size_t kNumbersBeforeVotes = 2;

/// In the order of their votes, then of the known and the gold class.
bool is_before(NumberRow a, NumberRow b) {
  const NumberRow votes_a = a.subspan(kNumbersBeforeVotes);
  const NumberRow votes_b = b.subspan(kNumbersBeforeVotes);
  const auto order = std::lexicographical_compare_three_way(votes_a.begin(), votes_a.end(),
                                                            votes_b.begin(), votes_b.end());
  return order != 0 ? order < 0
                    : std::lexicographical_compare(a.begin(), a.begin() + kNumbersBeforeVotes,
                                                   b.begin(), b.begin() + kNumbersBeforeVotes);
}

/// A row takes one number more, for its count.
Count numbers_of(const RowCounts& rows) {
  return rows.num_numbers() + static_cast<Count>(rows.size());
}

[[noreturn]] void fail_too_many() {
  fail("the items have too many different rows of votes: together they hold more than {} numbers",
       kMaxNumbers);
}

VoteTable table_of(int num_voters, int num_classes, const RowCounts& rows) {
  VoteTable table;
  table.num_voters = num_voters;
  table.num_classes = num_classes;
  for (const std::size_t index : sorted(rows, is_before)) {
    const NumberRow row = rows.at(index);
    table.known.push_back(row[0]);
    table.gold.push_back(row[1]);
    for (std::size_t i = kNumbersBeforeVotes; i < row.size(); i += 2) {
      table.votes.push_back({row[i], row[i + 1]});
    }
    table.offsets.push_back(table.votes.size());
    table.counts.push_back(rows.count(index));
  }
  return table;
}

}  // namespace

Count VoteTable::num_items() const {
  return std::accumulate(counts.begin(), counts.end(), Count{0});
}

struct VoteTableBuilder::Rows {
  int num_voters = 0;
  int num_classes = 0;
  RowCounts counts;
  std::vector<std::int32_t> row;  // of the item that is added

  void add(std::span<const Vote> votes, std::int32_t known, std::int32_t gold) {
    row.assign({known, gold});
    for (const Vote& vote : votes) {
      row.insert(row.end(), {vote.voter, vote.label});
    }
    counts.add(row, 1);
  }
};

VoteTableBuilder::VoteTableBuilder(int num_voters, int num_classes)
    : rows_{std::make_unique<Rows>(Rows{num_voters, num_classes, {}, {}})} {
}
VoteTableBuilder::~VoteTableBuilder() = default;
VoteTableBuilder::VoteTableBuilder(VoteTableBuilder&& other) noexcept = default;
VoteTableBuilder& VoteTableBuilder::operator=(VoteTableBuilder&& other) noexcept = default;

void VoteTableBuilder::add(std::span<const Vote> votes, std::int32_t known, std::int32_t gold) {
  rows_->add(votes, known, gold);
  if (numbers_of(rows_->counts) > kMaxNumbers) {
    fail_too_many();
  }
}

VoteTable VoteTableBuilder::build(const comm::Communicator& comm) const {
  const RowCounts merged = merge_by_hash(comm, rows_->counts);
  const Count numbers = comm::sum_over_ranks(comm, numbers_of(merged));
  comm::locally(comm, [&] {
    if (numbers > kMaxNumbers) {
      fail_too_many();
    }
  });
  return table_of(rows_->num_voters, rows_->num_classes, gather_to_all(comm, merged));
}

VoteTable make_vote_table(int num_voters, int num_classes, std::span<const VoteRow> rows) {
  VoteTableBuilder::Rows all{num_voters, num_classes, {}, {}};
  for (const VoteRow& row : rows) {
    all.add(row.votes, row.known, row.gold);
  }
  return table_of(num_voters, num_classes, all.counts);
}

}  // namespace kith::label_model
