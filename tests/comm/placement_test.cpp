#include "kith/comm/placement.hpp"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/mpi_world.hpp"

namespace kith::comm {
namespace {

using test::world;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr int kCores = 8;

/// A rank on a node of eight cores that may use cores [first, last).
RankPlace place(const char* host, int threads, int first, int last, int blas_threads = 1) {
  RankPlace rank;
  std::copy_n(host, std::string_view{host}.size(), rank.host.begin());
  rank.threads = threads;
  rank.blas_threads = blas_threads;
  rank.cores_of_node = kCores;
  for (int core = first; core < last; ++core) {
    rank.may_use[0] |= std::uint64_t{1} << static_cast<unsigned>(core);
  }
  return rank;
}

TEST(Placement, AGoodOneHasNoWarning) {
  const Placement pinned{{place("n1", 4, 0, 4), place("n1", 4, 4, 8), place("n2", 4, 0, 4)}};

  EXPECT_THAT(warnings(pinned), IsEmpty());
  EXPECT_THAT(warnings({{place("n1", 4, 0, 8), place("n1", 4, 0, 8)}}), IsEmpty());
  EXPECT_EQ(to_line(pinned),
            "nodes=2 ranks=3 ranks_per_node=1..2 threads=4 cores_per_rank=4 pinned=yes");
  EXPECT_THAT(pinned.hosts(), ElementsAre("n1", "n2"));
}

TEST(Placement, MoreThreadsThanCores) {
  EXPECT_THAT(warnings({{place("n1", 8, 0, 8), place("n1", 8, 0, 8)}}),
              ElementsAre(HasSubstr("2 ranks with 16 threads share 8 cores")));
  EXPECT_THAT(warnings({{place("n1", 4, 0, 1), place("n1", 1, 1, 8)}}),
              ElementsAre(HasSubstr("4 threads on 1 cores: srun --cpus-per-task=4")));
}

TEST(Placement, RanksOnTheSameCores) {
  EXPECT_THAT(warnings({{place("n1", 2, 0, 4), place("n2", 2, 0, 4), place("n2", 2, 0, 4)}}),
              ElementsAre(StartsWith("n2: ranks are pinned to the same cores")));
}

TEST(Placement, BlasWithThreadsOfItsOwn) {
  EXPECT_THAT(warnings({{place("n1", 4, 0, 4, 8), place("n1", 4, 4, 8, 8)}}),
              ElementsAre(HasSubstr("OPENBLAS_NUM_THREADS=1")));
  EXPECT_THAT(warnings({{place("n1", 8, 0, 8, 8)}}), IsEmpty());  // one rank: BLAS may have all
}

TEST(Placement, EveryRankIsFound) {
  const Placement found = find_placement(world(), 1, 0);

  ASSERT_EQ(static_cast<int>(found.ranks.size()), world().size());
  EXPECT_EQ(found.hosts().size(), 1U);
  for (const RankPlace& rank : found.ranks) {
    EXPECT_GE(rank.num_cores(), 1);
    EXPECT_LE(rank.num_cores(), rank.cores_of_node);
  }
}

}  // namespace
}  // namespace kith::comm
