// The same table on every rank, for any spread of the items over ranks.
#include "kith/label_model/vote_table.hpp"

#include <gtest/gtest.h>

#include "kith/comm/collectives.hpp"

namespace kith::label_model {
namespace {

VoteRow row_of(int item) {
  VoteRow row;
  for (std::int32_t m = 0; m < 5; ++m) {
    if ((item / 3 + m) % 3 != 0) {
      row.votes.push_back({m, (item + 2 * m) % 4});
    }
  }
  row.known = item % 7 == 0 ? item % 4 : -1;
  row.gold = item % 5 == 0 ? (item + 1) % 4 : -1;
  return row;
}

void expect_equal(const VoteTable& a, const VoteTable& b) {
  EXPECT_EQ(a.num_voters, b.num_voters);
  EXPECT_EQ(a.num_classes, b.num_classes);
  EXPECT_EQ(a.offsets, b.offsets);
  EXPECT_EQ(a.votes, b.votes);
  EXPECT_EQ(a.counts, b.counts);
  EXPECT_EQ(a.known, b.known);
  EXPECT_EQ(a.gold, b.gold);
}

/// All items on the ranks that `holds(rank, item)`.
template <class Holds>
VoteTable spread_table(const comm::Communicator& comm, int items, Holds&& holds) {
  VoteTableBuilder builder{5, 4};
  for (int item = 0; item < items; ++item) {
    if (holds(comm.rank(), item)) {
      const VoteRow row = row_of(item);
      builder.add(row.votes, row.known, row.gold);
    }
  }
  return builder.build(comm);
}

TEST(VoteTable, IsTheSameForEverySpreadOfTheItems) {
  const auto comm = comm::Communicator::duplicate(MPI_COMM_WORLD);
  constexpr int kItems = 1000;
  std::vector<VoteRow> rows;
  for (int item = 0; item < kItems; ++item) {
    rows.push_back(row_of(item));
  }
  const VoteTable expected = make_vote_table(5, 4, rows);
  const int ranks = comm.size();

  expect_equal(
      spread_table(comm, kItems, [&](Rank rank, int item) { return item % ranks == rank.value(); }),
      expected);
  // Ranks other than the last hold nothing.
  expect_equal(
      spread_table(comm, kItems, [&](Rank rank, int) { return rank.value() == ranks - 1; }),
      expected);
  EXPECT_EQ(expected.num_items(), kItems);
  EXPECT_LT(count_of(expected.counts), kItems);
}

TEST(VoteTable, RowsAreDistinctInTheirOrderAndKeepKnownAndGold) {
  const std::vector<VoteRow> rows{{{{1, 2}}, -1, -1}, {{{0, 1}, {1, 2}}, -1, 3}, {{}, 2, -1},
                                  {{{1, 2}}, 0, -1},  {{{1, 2}}, -1, -1},        {{}, 2, -1}};
  const VoteTable table = make_vote_table(3, 4, rows);
  ASSERT_EQ(table.size(), 4U);
  EXPECT_EQ(table.counts, (std::vector<Count>{2, 1, 2, 1}));
  EXPECT_EQ(table.known, (std::vector<std::int32_t>{2, -1, -1, 0}));
  EXPECT_EQ(table.gold, (std::vector<std::int32_t>{-1, 3, -1, -1}));
  EXPECT_TRUE(table.row(0).empty());
  EXPECT_EQ(table.row(1).size(), 2U);
}

TEST(VoteTable, OfNoItemsIsEmptyOnEveryRank) {
  const auto comm = comm::Communicator::duplicate(MPI_COMM_WORLD);
  const VoteTable table = VoteTableBuilder{5, 4}.build(comm);
  EXPECT_EQ(table.size(), 0U);
  EXPECT_EQ(table.num_items(), 0);
  EXPECT_EQ(table.num_voters, 5);
}

}  // namespace
}  // namespace kith::label_model
