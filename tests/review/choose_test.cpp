#include "kith/review/choose.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "kith/core/random.hpp"

#include "support/mpi_world.hpp"

namespace kith::review {
namespace {

using test::world;

constexpr int kNodes = 400;
constexpr int kNeighbors = 4;

/// A graph that every rank knows: position p is row 3 p + 1. Some worth is equal, some 0.
struct Made {
  std::vector<float> worth;
  std::vector<std::uint8_t> is_known;
  std::vector<int> neighbors;  // nodes x kNeighbors

  explicit Made(int nodes) {
    for (int node = 0; node < nodes; ++node) {
      const auto bits = random_bits(4, Purpose::tie, node);
      is_known.push_back(bits % 11 == 0 ? 1 : 0);
      worth.push_back(is_known.back() != 0 || bits % 13 == 1 ? 0
                                                             : static_cast<float>(bits % 9) / 8);
      for (int i = 0; i < kNeighbors; ++i) {
        const auto step = random_bits(5, Purpose::tie, node, static_cast<std::uint64_t>(i)) % 20;
        neighbors.push_back((node + (i + 1) * static_cast<int>(1 + step)) % nodes);
      }
    }
  }
};

/// This rank's part of it: none on the last of five ranks.
struct Part {
  std::vector<Position> first_of_rank;
  std::vector<GlobalId> rows;
  std::vector<Position> neighbors;
  std::vector<float> worth;
  std::vector<std::uint8_t> is_known;
  Askable askable;

  explicit Part(const Made& made) {
    const auto nodes = static_cast<Count>(made.worth.size());
    const int sharing = world().size() == 5 ? 4 : world().size();
    for (int rank = 0; rank <= world().size(); ++rank) {
      first_of_rank.emplace_back(nodes * std::min(rank, sharing) / sharing);
    }
    const Rank mine = world().rank();
    for (Count p = first_of_rank[to_size(mine)].value();
         p < first_of_rank[to_size(mine) + 1].value(); ++p) {
      rows.emplace_back(3 * p + 1);
      worth.push_back(made.worth[to_size(p)]);
      is_known.push_back(made.is_known[to_size(p)]);
      for (int i = 0; i < kNeighbors; ++i) {
        neighbors.emplace_back(made.neighbors[to_size(p * kNeighbors + i)]);
      }
    }
    askable = {rows, worth, neighbors, kNeighbors, is_known, first_of_rank, 6};
  }
};

std::vector<Count> rows_of(const std::vector<Chosen>& chosen) {
  std::vector<Count> rows;
  for (const Chosen& entry : chosen) {
    rows.push_back(entry.row.value());
  }
  return rows;
}

TEST(ChooseLargest, TakesTheLargestInOrderAndNoneOfNoWorth) {
  const Made made{kNodes};
  const Part part{made};

  const auto chosen = choose_largest(world(), part.askable, 60);
  const auto all = choose_largest(world(), part.askable, 10 * kNodes);

  EXPECT_EQ(count_of(chosen), 60);
  EXPECT_EQ(count_of(all), std::count_if(made.worth.begin(), made.worth.end(),
                                         [](float worth) { return worth > 0; }));
  for (const std::vector<Chosen>& list : {chosen, all}) {
    for (std::size_t i = 0; i + 1 < list.size(); ++i) {
      EXPECT_GE(made.worth[to_size((list[i].row.value() - 1) / 3)],
                made.worth[to_size((list[i + 1].row.value() - 1) / 3)]);
    }
    const std::vector<Count> rows = rows_of(list);
    EXPECT_EQ(std::set<Count>(rows.begin(), rows.end()).size(), rows.size());
  }
}

/// The greedy choice, slowly.
std::vector<Count> cover_slowly(const Made& made, Count wanted) {
  std::vector<float> worth = made.worth;
  const auto neighbors_of = [&](std::size_t node) {
    return std::span{made.neighbors}.subspan(node * kNeighbors, kNeighbors);
  };
  const auto tell = [&](std::size_t node) {
    for (const int neighbor : neighbors_of(node)) {
      worth[to_size(neighbor)] *= 0.3F;
    }
  };
  for (std::size_t node = 0; node < worth.size(); ++node) {
    if (made.is_known[node] != 0) {
      tell(node);
    }
  }
  std::vector<bool> is_open;
  for (const float own : made.worth) {
    is_open.push_back(own > 0);
  }
  std::vector<Count> rows;
  while (count_of(rows) < wanted) {
    std::size_t best = worth.size();
    float most = -1;
    for (std::size_t node = 0; node < worth.size(); ++node) {
      double gain = double{worth[node]};
      for (const int neighbor : neighbors_of(node)) {
        gain += double{worth[to_size(neighbor)]};
      }
      if (is_open[node] && static_cast<float>(gain) > most) {
        best = node;
        most = static_cast<float>(gain);
      }
    }
    if (best == worth.size()) {
      break;
    }
    is_open[best] = false;
    worth[best] = 0;
    tell(best);
    rows.push_back(3 * static_cast<Count>(best) + 1);
  }
  return rows;
}

TEST(ChooseCovering, IsTheGreedyChoiceOfOneRank) {
  // 5000 nodes: more than are looked at for a small queue, so that it must look again.
  for (const int nodes : {5, kNodes, 5000}) {
    const Made made{nodes};
    const Part part{made};
    for (const Count wanted : {Count{1}, Count{40}, Count{300}}) {
      EXPECT_EQ(rows_of(choose_covering(world(), part.askable, wanted)), cover_slowly(made, wanted))
          << nodes << " nodes, " << wanted << " wanted";
    }
  }
}

TEST(ChooseByChance, IsAnUnbiasedSample) {
  const Made made{kNodes};
  Part part{made};
  constexpr int kDraws = 30;
  constexpr Count kWanted = 50;
  double open = 0;
  double total_worth = 0;
  for (const float worth : made.worth) {
    open += worth > 0 ? 1 : 0;
    total_worth += double{worth};
  }

  double counted = 0;
  double squares = 0;
  double worth = 0;
  for (int draw = 0; draw < kDraws; ++draw) {
    part.askable.seed = static_cast<std::uint64_t>(100 + draw);
    double of_draw = 0;
    for (const Chosen& chosen : choose_by_chance(world(), part.askable, kWanted)) {
      of_draw += 1 / chosen.inclusion;
      worth += double{made.worth[to_size((chosen.row.value() - 1) / 3)]} / kDraws;
    }
    counted += of_draw;
    squares += of_draw * of_draw;
  }
  const double mean = counted / kDraws;
  const double error = std::sqrt((squares / kDraws - mean * mean) / kDraws);

  EXPECT_NEAR(mean, open, 4 * error);                    // 1 / inclusion estimates counts
  EXPECT_GT(worth / kWanted, 1.2 * total_worth / open);  // and more worth is asked more
  const auto all = choose_by_chance(world(), part.askable, 10 * kNodes);
  EXPECT_EQ(static_cast<double>(all.size()), open);
  EXPECT_TRUE(std::all_of(all.begin(), all.end(),
                          [](const Chosen& chosen) { return chosen.inclusion == 1; }));
}

}  // namespace
}  // namespace kith::review
