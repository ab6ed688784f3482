#include "kith/comm/select.hpp"

#include <algorithm>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "kith/comm/collectives.hpp"
#include "kith/core/random.hpp"

#include "support/mpi_world.hpp"

namespace kith::comm {
namespace {

using test::world;

/// Of 300 items, dealt to ranks in turn, this rank's.
template <class T, class Make>
std::vector<T> mine_of(Make&& make) {
  std::vector<T> mine;
  for (int id = world().rank().value(); id < 300; id += world().size()) {
    mine.push_back(make(id));
  }
  return mine;
}

TEST(ChooseSmallest, CutsAmongEqualNegativeAndFewKeys) {
  const std::uint64_t seed = 8;
  const auto make = [](int id) { return Candidate{static_cast<float>(id % 5) - 2.0F, id % 3, id}; };
  const std::vector<Candidate> mine = mine_of<Candidate>(make);

  const auto chosen = choose_smallest(world(), mine, std::vector<Count>{0, 37, 1000}, seed);

  using Key = std::tuple<float, std::uint64_t, std::int64_t>;
  const auto key_of = [&](const Candidate& candidate) {
    return Key{candidate.key, random_bits(seed, Purpose::tie, candidate.id), candidate.id};
  };
  std::vector<Key> of_group;
  for (int id = 1; id < 300; id += 3) {
    of_group.push_back(key_of(make(id)));
  }
  std::sort(of_group.begin(), of_group.end());
  for (std::size_t i = 0; i < mine.size(); ++i) {
    const int group = mine[i].group;
    EXPECT_EQ(chosen[i] != 0, group == 2 || (group == 1 && key_of(mine[i]) < of_group[37]));
  }
}

TEST(OrderStatistics, AreWhatSortingFinds) {
  const auto make = [](int id) {
    const auto bits = random_bits(5, Purpose::tie, id);
    const float size = static_cast<float>(bits % 1000) / 37;
    return id % 7 == 0 ? -0.0F : bits % 3 == 0 ? -size : size;
  };
  std::vector<float> sorted;
  std::vector<Count> indices;
  for (int id = 0; id < 300; ++id) {
    sorted.push_back(make(id));
    indices.push_back(299 - id);
  }
  std::sort(sorted.begin(), sorted.end(), std::greater<>{});

  EXPECT_EQ(order_statistics(world(), mine_of<float>(make), indices), sorted);
}

TEST(OrderStatistics, HaveRanksWithoutValues) {
  const Rank last{world().size() - 1};
  const std::vector<float> mine(world().rank() == last ? 1 : 0, 2.5F);

  EXPECT_EQ(order_statistics(world(), mine, std::vector<Count>{0, 0}),
            (std::vector<float>{2.5F, 2.5F}));
}

}  // namespace
}  // namespace kith::comm
