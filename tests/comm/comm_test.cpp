#include <numeric>
#include <vector>

#include <gtest/gtest.h>

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/comm/node_memory.hpp"
#include "kith/comm/pending.hpp"
#include "kith/comm/stop.hpp"
#include "kith/core/error.hpp"
#include "kith/core/stop.hpp"

#include "support/mpi_world.hpp"

namespace kith::comm {
namespace {

using test::world;

/// Splits every message at 7 bytes while it lives.
class TinyChunks {
 public:
  TinyChunks() : before_{chunk_bytes()} { set_chunk_bytes(7); }
  ~TinyChunks() { set_chunk_bytes(before_); }
  TinyChunks(const TinyChunks&) = delete;
  TinyChunks& operator=(const TinyChunks&) = delete;

 private:
  Count before_;
};

TEST(Locally, ReturnsEachRanksOwnResult) {
  EXPECT_EQ(locally(world(), [] { return world().rank().value() + 1; }),
            world().rank().value() + 1);
}

TEST(Locally, FailsOnAllRanksWithTheLowestFailingRanksSentence) {
  const int first_failing = world().size() / 2;
  try {
    locally(world(), [&] {
      if (world().rank().value() >= first_failing) {
        fail("shard {} is broken", world().rank().value());
      }
    });
    ADD_FAILURE() << "nothing thrown";
  } catch (const CollectiveError& error) {
    EXPECT_EQ(error.what(), fmt::format("shard {} is broken", first_failing));
  }
}

TEST(Communicator, CountsTheRanksOfANode) {
  EXPECT_EQ(ranks_on_node(world()), world().size());  // tests run on one node
}

TEST(Collectives, ReduceOverRanks) {
  const Count size = world().size();
  const Count rank = world().rank().value();
  EXPECT_EQ(sum_over_ranks(world(), rank + 1), size * (size + 1) / 2);
  EXPECT_EQ(min_over_ranks(world(), rank), 0);
  EXPECT_EQ(max_over_ranks(world(), rank), size - 1);
  EXPECT_EQ(sum_over_lower_ranks(world(), rank), rank * (rank - 1) / 2);
  EXPECT_EQ(any_rank(world(), rank == size - 1), true);
}

TEST(Collectives, ExactSumsAreTheSameForAnySplitOverRanks) {
  std::vector<ExactSum> mine(2);
  ExactSum serial;
  for (int i = 0; i < 1000; ++i) {
    const double term = 1.0 / (i + 1) - 0.3;
    serial.add(term);
    if (i % world().size() == world().rank().value()) {
      mine[1].add(term);
    }
  }
  sum_over_ranks(world(), mine);
  EXPECT_EQ(mine[1], serial);
  EXPECT_EQ(mine[0].value(), 0);
}

TEST(Collectives, BroadcastSplitsIntoChunks) {
  const TinyChunks tiny;
  std::vector<Count> items;
  if (world().is_root()) {
    items.resize(100);
    std::iota(items.begin(), items.end(), 3);
  }
  broadcast(world(), items);
  ASSERT_EQ(items.size(), 100U);
  EXPECT_EQ(items[99], 102);
}

TEST(Collectives, ExchangeDeliversInRankOrderAndSplitsIntoChunks) {
  const TinyChunks tiny;
  const int size = world().size();
  const int me = world().rank().value();
  std::vector<Count> items;
  std::vector<Count> counts;
  for (int to = 0; to < size; ++to) {
    counts.push_back((me + to) % 3);
    for (Count i = 0; i < counts.back(); ++i) {
      items.push_back(100 * me + 10 * to + i);
    }
  }
  const Received<Count> received = exchange<Count>(world(), items, counts);
  for (int from = 0; from < size; ++from) {
    const auto part = received.from(Rank{from});
    EXPECT_EQ(count_of(part), (me + from) % 3);
    for (std::size_t i = 0; i < part.size(); ++i) {
      EXPECT_EQ(part[i], 100 * from + 10 * me + static_cast<Count>(i));
    }
  }
}

TEST(PendingBytes, ArriveWhileOtherCollectivesRun) {
  const TinyChunks tiny;
  const int size = world().size();
  const int me = world().rank().value();
  std::vector<std::byte> bytes;
  std::vector<Count> to_rank;
  std::vector<Count> from_rank;
  for (int other = 0; other < size; ++other) {
    to_rank.push_back(3 * other + me);  // more than a chunk, or nothing
    from_rank.push_back(3 * me + other);
    bytes.insert(bytes.end(), to_size(to_rank.back()), static_cast<std::byte>(10 * me + other));
  }

  PendingBytes pending{world(), bytes, to_rank, from_rank};
  const Count sum = sum_over_ranks(world(), Count{1});
  const auto received = exchange<Count>(world(), std::vector<Count>(to_size(size), me),
                                        std::vector<Count>(to_size(size), 1));
  PendingBytes moved = std::move(pending);
  moved.progress();
  const std::vector<std::byte> arrived = moved.finish();

  EXPECT_EQ(sum, size);
  EXPECT_EQ(received.items.back(), size - 1);
  std::vector<std::byte> expected;
  for (int other = 0; other < size; ++other) {
    expected.insert(expected.end(), to_size(from_rank[to_size(other)]),
                    static_cast<std::byte>(10 * other + me));
  }
  EXPECT_EQ(arrived, expected);
}

TEST(NodeMemory, IsSeenByTheRanksOfTheNodeOnly) {
  for (const int ranks_per_node : {0, 1, 2}) {
    set_ranks_per_node(ranks_per_node);
    const int me = world().rank().value();
    const auto place = [&](int rank) { return ranks_per_node == 0 ? 0 : rank / ranks_per_node; };

    NodeMemory memory{world(), 100 * me};  // rank 0 has none
    std::fill(memory.mine().begin(), memory.mine().end(), static_cast<std::byte>(me));
    memory.publish();
    NodeMemory moved = std::move(memory);
    moved.release_others();

    EXPECT_EQ(moved.mine().size(), to_size(100 * me));
    for (int other = 0; other < world().size(); ++other) {
      const bool is_near = other != me && place(other) == place(me);
      if (other != 0) {
        EXPECT_EQ(moved.sees(Rank{other}), is_near) << other << " from " << me;
      }
      if (moved.sees(Rank{other})) {
        const auto block = moved.of(Rank{other});
        EXPECT_EQ(block.size(), to_size(100 * other));
        EXPECT_TRUE(std::all_of(block.begin(), block.end(), [&](std::byte value) {
          return value == static_cast<std::byte>(other);
        }));
      }
    }
    moved.publish();  // nobody frees what others still read
  }
  set_ranks_per_node(0);
}

TEST(Collectives, ExchangeToKeepsTheOrderOfItemsForOneDestination) {
  std::vector<Count> items(20);
  std::iota(items.begin(), items.end(), 0);
  std::vector<Rank> destination;
  for (const Count item : items) {
    destination.emplace_back(static_cast<int>(item % world().size()));
  }
  const auto received = exchange_to<Count>(world(), items, destination);
  for (int from = 0; from < world().size(); ++from) {
    Count expected = world().rank().value();
    for (const Count item : received.from(Rank{from})) {
      EXPECT_EQ(item, expected);
      expected += world().size();
    }
  }
}

TEST(Collectives, GatherToAllKeepsRankOrderAndSplitsIntoChunks) {
  const TinyChunks tiny;  // borders lie inside elements, and a chunk holds bytes of several ranks
  const auto items_of = [](int rank) {
    std::vector<Count> items(to_size(rank % 4));  // some ranks have none
    std::iota(items.begin(), items.end(), 1000 * rank);
    return items;
  };

  const auto all = gather_to_all<Count>(world(), items_of(world().rank().value()));
  const auto flags = gather_to_all<char>(world(), std::vector<char>{'x'});
  const auto nothing = gather_to_all<Count>(world(), {});

  for (int from = 0; from < world().size(); ++from) {
    const auto part = all.from(Rank{from});
    EXPECT_EQ(std::vector<Count>(part.begin(), part.end()), items_of(from));
  }
  EXPECT_EQ(flags.items, std::vector<char>(to_size(world().size()), 'x'));
  EXPECT_TRUE(nothing.items.empty());
}

TEST(Stop, OneRanksWishStopsAll) {
  EXPECT_NO_THROW(stop_if_asked(world()));

  if (world().rank().value() == world().size() - 1) {
    ask_to_stop();
  }

  EXPECT_THROW(stop_if_asked(world()), Stopped);
  forget_stop();
  EXPECT_FALSE(stop_was_asked(world()));
}

}  // namespace
}  // namespace kith::comm
