#include "stages/reference/shift.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "kith/core/random.hpp"

namespace kith::stages {
namespace {

constexpr Count kDim = 5;

/// Rows around `center`; each draw other ones.
std::vector<float> rows_around(double center, Count num_rows, std::uint64_t draw) {
  std::vector<float> rows;
  for (Count i = 0; i < num_rows * kDim; ++i) {
    rows.push_back(static_cast<float>(center + random_uniform(draw, Purpose::tie, i)));
  }
  return rows;
}

double distance_between(const std::vector<float>& a, std::size_t i, const std::vector<float>& b,
                        std::size_t j) {
  double sum = 0;
  for (std::size_t axis = 0; axis < kDim; ++axis) {
    const double gap = double{a[i * kDim + axis]} - double{b[j * kDim + axis]};
    sum += gap * gap;
  }
  return sum;
}

/// The obvious way, all pairs.
double slow_own_neighbors(const std::vector<float>& here, const std::vector<float>& there) {
  const std::size_t half = here.size() / kDim;
  std::vector<float> pool = here;
  pool.insert(pool.end(), there.begin(), there.end());
  std::size_t own = 0;
  for (std::size_t i = 0; i < 2 * half; ++i) {
    std::vector<std::pair<double, std::size_t>> others;
    for (std::size_t j = 0; j < 2 * half; ++j) {
      if (j != i) {
        others.emplace_back(distance_between(pool, i, pool, j), j);
      }
    }
    std::sort(others.begin(), others.end());
    for (std::size_t n = 0; n < 5; ++n) {
      own += (others[n].second < half) == (i < half) ? 1U : 0U;
    }
  }
  return static_cast<double>(own) / static_cast<double>(10 * half);
}

double slow_novel_share(const std::vector<float>& here, const std::vector<float>& there) {
  const auto nearest = [&](const std::vector<float>& of, std::size_t i, bool is_there) {
    double least = INFINITY;
    for (std::size_t j = 0; j < there.size() / kDim; ++j) {
      if (!is_there || j != i) {
        least = std::min(least, distance_between(of, i, there, j));
      }
    }
    return least;
  };
  std::vector<double> usual;
  for (std::size_t i = 0; i < there.size() / kDim; ++i) {
    usual.push_back(nearest(there, i, true));
  }
  std::sort(usual.begin(), usual.end());
  const double limit =
      usual[static_cast<std::size_t>(0.99 * static_cast<double>(usual.size() - 1))];
  std::size_t novel = 0;
  for (std::size_t i = 0; i < here.size() / kDim; ++i) {
    novel += nearest(here, i, false) > limit ? 1U : 0U;
  }
  return static_cast<double>(novel) / static_cast<double>(here.size() / kDim);
}

TEST(Shift, IsWhatAllPairsSay) {
  for (const double away : {0.0, 0.3, 0.7}) {
    const std::vector<float> here = rows_around(away, 150, 1);
    const std::vector<float> there = rows_around(0, 150, 2);
    const auto shift = measure_shift(here, there, kDim);
    ASSERT_TRUE(shift);
    EXPECT_DOUBLE_EQ(shift->own_neighbors, slow_own_neighbors(here, there)) << away;
    EXPECT_DOUBLE_EQ(shift->novel_share, slow_novel_share(here, there)) << away;
    EXPECT_DOUBLE_EQ(shift->own_if_alike, 149.0 / 299.0);
    EXPECT_EQ(shift->same_vector_share, 0);
  }
}

TEST(Shift, DrawsOfOneCorpusAreAlike) {
  const auto shift = measure_shift(rows_around(0, 1500, 1), rows_around(0, 3000, 2), kDim);
  ASSERT_TRUE(shift);
  EXPECT_LT(shift->separation(), 0.05);
  EXPECT_LT(shift->novel_share, 0.03);
}

TEST(Shift, OtherCorporaAreNot) {
  const auto shift = measure_shift(rows_around(9, 300, 1), rows_around(0, 300, 2), kDim);
  ASSERT_TRUE(shift);
  EXPECT_EQ(shift->separation(), 1);
  EXPECT_EQ(shift->novel_share, 1);
}

TEST(Shift, TheSameItemsAreFound) {
  const std::vector<float> rows = rows_around(0, 100, 1);
  const auto shift = measure_shift(rows, rows, kDim);
  ASSERT_TRUE(shift);
  EXPECT_EQ(shift->same_vector_share, 1);
  EXPECT_EQ(shift->novel_share, 0);
}

TEST(Shift, OneVectorForAllIsNoTrouble) {
  const std::vector<float> rows(100 * kDim, 2.0F);
  const auto shift = measure_shift(rows, rows, kDim);
  ASSERT_TRUE(shift);
  EXPECT_EQ(shift->same_vector_share, 1);
  EXPECT_EQ(shift->novel_share, 0);
}

TEST(Shift, FewItemsSayNothing) {
  EXPECT_FALSE(measure_shift(rows_around(0, 19, 1), rows_around(0, 500, 2), kDim));
  EXPECT_FALSE(measure_shift(rows_around(0, 500, 1), rows_around(0, 19, 2), kDim));
}

}  // namespace
}  // namespace kith::stages
