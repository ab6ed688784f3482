#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kith/core/error.hpp"
#include "kith/core/random.hpp"
#include "kith/distance/direct.hpp"
#include "kith/distance/nearest.hpp"
#include "kith/distance/panels.hpp"
#include "kith/distance/products.hpp"
#include "kith/distance/score_error.hpp"
#include "kith/distance/target.hpp"

#include "distance/made_rows.hpp"

namespace kith::distance {
namespace {

using test::random_rows;
using test::row_of;
using test::TargetGuard;

/// Half the squared norm of x - origin in the order in which queries are packed: four chains over
/// every fourth dimension, then those left over.
float half_square(std::span<const float> x, std::span<const float> origin) {
  std::array<float, 4> chains{};
  const std::size_t whole = x.size() / 4 * 4;
  for (std::size_t i = 0; i < whole; ++i) {
    const float value = x[i] - origin[i];
    chains[i % 4] = std::fma(value, value, chains[i % 4]);
  }
  float sum = (chains[0] + chains[1]) + (chains[2] + chains[3]);
  for (std::size_t i = whole; i < x.size(); ++i) {
    sum = std::fma(x[i] - origin[i], x[i] - origin[i], sum);
  }
  return 0.5F * sum;
}

/// The score as documented.
float score_of(std::span<const float> query, std::span<const float> item, const Panels& panels) {
  if (panels.nearness() == Nearness::inner_product) {
    return -inner_product(query, item);
  }
  std::vector<float> x;
  std::vector<float> y;
  for (std::size_t i = 0; i < query.size(); ++i) {
    x.push_back(query[i] - panels.origin()[i]);
    y.push_back(item[i] - panels.origin()[i]);
  }
  return (0.5F * inner_product(y, y) - inner_product(x, y)) + half_square(query, panels.origin());
}

/// The k smallest by (score, index), the slow way.
std::vector<Neighbor> slow_scan(std::span<const float> items, std::span<const float> query, int k,
                                Nearness nearness) {
  const Count dim = count_of(query);
  Panels panels;
  panels.pack(items, dim, nearness);
  std::vector<Neighbor> all;
  for (Count i = 0; i < count_of(items) / dim; ++i) {
    all.push_back({score_of(query, row_of(items, i, dim), panels), static_cast<std::int32_t>(i)});
  }
  std::sort(all.begin(), all.end());
  all.resize(to_size(k), {std::numeric_limits<float>::infinity(), -1});
  return all;
}

/// Scans `items` in pieces of `piece` items, last piece first.
std::vector<Neighbor> scan_in_pieces(std::span<const float> items, std::span<const float> queries,
                                     Count dim, int k, Count piece) {
  const Count num_items = count_of(items) / dim;
  const Count num_queries = count_of(queries) / dim;
  std::vector<std::int32_t> numbers(to_size(num_queries));
  std::iota(numbers.begin(), numbers.end(), 0);
  Scanner scanner{dim, k};
  scanner.start(queries);
  for (Count begin = (num_items - 1) / piece * piece; begin >= 0; begin -= piece) {
    const Count size = std::min(piece, num_items - begin);
    Panels panels;
    panels.pack(items.subspan(to_size(begin * dim), to_size(size * dim)), dim);
    scanner.scan(panels, static_cast<std::int32_t>(begin), numbers);
  }
  std::vector<Neighbor> found(to_size(num_queries * k));
  scanner.finish(found);
  return found;
}

struct Shape {
  Count num_items;
  Count num_queries;
  Count dim;
  int k;
};

const std::vector<Shape> kShapes = {{1, 1, 1, 1},      {40, 13, 1, 3},     {300, 25, 3, 7},
                                    {129, 70, 17, 10}, {1000, 31, 24, 50}, {90, 7, 784, 5},
                                    {50, 3, 1536, 64}, {700, 12, 16, 300}};

TEST(Scanner, FindsExactlyTheSmallestByScoreAndIndexOnEveryTarget) {
  const TargetGuard guard;
  for (const std::string& target : available_targets()) {
    use_target(target);
    for (const Shape& shape : kShapes) {
      const auto items = random_rows(shape.num_items, shape.dim, 1);
      const auto queries = random_rows(shape.num_queries, shape.dim, 2);
      const auto found = scan_in_pieces(items, queries, shape.dim, shape.k, shape.num_items);
      for (Count q = 0; q < shape.num_queries; ++q) {
        const auto expected =
            slow_scan(items, row_of(queries, q, shape.dim), shape.k, Nearness::l2);
        const std::vector<Neighbor> row(found.begin() + q * shape.k,
                                        found.begin() + (q + 1) * shape.k);
        EXPECT_TRUE(row == expected) << target << " query " << q << " dim " << shape.dim;
      }
    }
  }
}

TEST(Scanner, FindsTheSameWhateverTheOrderAndSizeOfThePieces) {
  const Count dim = 9;
  const auto items = random_rows(517, dim, 3);
  const auto queries = random_rows(41, dim, 4);
  const auto expected = scan_in_pieces(items, queries, dim, 12, 517);
  for (const Count piece : {1, 7, 16, 33, 200}) {  // scores differ in the last bits
    const auto found = scan_in_pieces(items, queries, dim, 12, piece);
    for (std::size_t i = 0; i < found.size(); ++i) {
      EXPECT_EQ(found[i].index, expected[i].index) << piece;
      EXPECT_NEAR(found[i].distance, expected[i].distance, 1e-5) << piece;
    }
  }
}

TEST(Scanner, KeepsItsPrecisionFarFromZero) {
  const Count dim = 20;
  auto items = random_rows(300, dim, 16);
  for (float& value : items) {
    value += 1000;
  }
  const std::span<const float> query = row_of(items, 7, dim);
  const auto found = scan_in_pieces(items, query, dim, 300, 300);
  for (const Neighbor& neighbor : found) {
    const float expected = 0.5F * squared_distance(query, row_of(items, neighbor.index, dim));
    EXPECT_NEAR(neighbor.distance, expected, 1e-4) << neighbor.index;
  }
}

TEST(Scanner, GivesEqualScoresToTheSmallerIndex) {
  const Count dim = 5;
  const auto one = random_rows(1, dim, 5);
  std::vector<float> items;
  for (int copy = 0; copy < 400; ++copy) {
    items.insert(items.end(), one.begin(), one.end());
  }
  for (const Count piece : {16, 400}) {
    const auto found = scan_in_pieces(items, one, dim, 20, piece);
    for (std::int32_t i = 0; i < 20; ++i) {
      EXPECT_EQ(found[to_size(i)].index, i);
    }
  }
}

TEST(Scanner, ComparesOnlyTheQueriesThatWereNamed) {
  const Count dim = 4;
  const auto items = random_rows(50, dim, 6);
  const auto queries = random_rows(9, dim, 7);
  Panels panels;
  panels.pack(items, dim);
  Scanner scanner{dim, 2};
  scanner.start(queries);
  const std::vector<std::int32_t> numbers = {1, 4, 8};
  scanner.scan(panels, 100, numbers);
  std::vector<Neighbor> found(18);
  scanner.finish(found);
  for (std::int32_t q = 0; q < 9; ++q) {
    const bool is_named = std::find(numbers.begin(), numbers.end(), q) != numbers.end();
    const auto expected = slow_scan(items, row_of(queries, q, dim), 2, Nearness::l2);
    EXPECT_EQ(found[to_size(2 * q)].index, is_named ? expected[0].index + 100 : -1);
  }
}

TEST(Nearest, GivesSquaredDistancesAndFillsUpWithNone) {
  const Count dim = 17;
  const auto items = random_rows(20, dim, 8);
  const auto queries = random_rows(300, dim, 9);
  Panels panels;
  panels.pack(items, dim);
  std::vector<Neighbor> found(300 * 24);
  nearest(panels, queries, 24, found);
  for (Count q = 0; q < 300; ++q) {
    const auto query = row_of(queries, q, dim);
    for (Count i = 0; i < 20; ++i) {
      const Neighbor& neighbor = found[to_size(q * 24 + i)];
      EXPECT_NEAR(neighbor.distance, squared_distance(query, row_of(items, neighbor.index, dim)),
                  1e-5);
      EXPECT_TRUE(i == 0 || found[to_size(q * 24 + i - 1)].distance <= neighbor.distance);
    }
    EXPECT_EQ(found[to_size(q * 24 + 20)].index, -1);
    EXPECT_EQ(found[to_size(q * 24 + 23)].distance, std::numeric_limits<float>::infinity());
  }
}

TEST(Nearest, OrdersByInnerProductWhenAsked) {
  const Count dim = 6;
  const auto items = random_rows(60, dim, 10);
  const auto query = random_rows(1, dim, 11);
  Panels panels;
  panels.pack(items, dim, Nearness::inner_product);
  std::vector<Neighbor> found(5);
  nearest(panels, query, 5, found);
  EXPECT_TRUE(found == slow_scan(items, query, 5, Nearness::inner_product));
}

/// One set of items, all queries, k = all.
std::vector<Neighbor> scan_all(Scanner& scanner, const Panels& panels,
                               std::span<const float> queries) {
  std::vector<std::int32_t> numbers(to_size(count_of(queries) / panels.dim()));
  std::iota(numbers.begin(), numbers.end(), 0);
  scanner.scan(panels, 0, numbers);
  std::vector<Neighbor> found(numbers.size() * to_size(panels.num_items()));
  scanner.finish(found);
  return found;
}

TEST(ScoreError, BoundsWhatRoundingDoes) {
  constexpr Count kItems = 40;
  for (const Count dim : {1, 3, 65, 777}) {
    for (const float far : {0.0F, 1e3F, 1e8F, 1e-18F}) {
      std::vector<float> rows = random_rows(kItems, dim, 5);
      if (far < 1) {
        std::transform(rows.begin(), rows.end(), rows.begin(),
                       [&](float value) { return far > 0 ? far * value : value; });
      } else {
        rows[0] += far;  // moves the origin away from all others
      }
      Panels panels;
      panels.pack(rows, dim);
      Scanner scanner{dim, kItems};
      scanner.start(rows);
      const ScoreError error{dim};
      for (Count i = 0; const Neighbor& item : scan_all(scanner, panels, rows)) {
        const Count query = i++ / kItems;
        const float direct =
            squared_distance(row_of(rows, query, dim), row_of(rows, item.index, dim));
        const float reach = scanner.reach(query);
        EXPECT_LE(error.least_distance(item.distance, reach), direct) << dim << " " << far;
        EXPECT_LT(item.distance, error.most_score(direct, reach)) << dim << " " << far;
        EXPECT_GT(error.least_distance(error.most_score(direct, reach), reach), direct);
      }
    }
  }
}

TEST(Scanner, FindsAllUpToAThreshold) {
  constexpr Count kItems = 200;
  constexpr Count kDim = 5;
  const std::vector<float> rows = random_rows(kItems, kDim, 7);
  Panels panels;
  panels.pack(rows, kDim);
  Scanner scanner{kDim, kItems};
  scanner.start(rows);
  const std::vector<Neighbor> all = scan_all(scanner, panels, rows);
  const std::vector<float> thresholds(to_size(kItems), 0.1F);
  scanner.start(rows, thresholds);
  const std::vector<Neighbor> some = scan_all(scanner, panels, rows);
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(some[i].index, all[i].distance <= 0.1F ? all[i].index : -1);
  }
}

TEST(Scanner, ReachLeavesOutItemsThatAreTooFarAway) {
  const std::vector<float> near{1, 2, 1, 3};
  const std::vector<float> far{1e6F, 0, 1e6F, 1};
  const std::array<std::int32_t, 1> first{0};
  Panels panels;
  Scanner scanner{2, 1};
  scanner.start(std::span{near}.first(2));
  std::vector<Neighbor> found(1);
  for (const auto& items : {near, far}) {
    panels.pack(items, 2);
    scanner.scan(panels, 0, first);
    scanner.finish(found);
  }
  EXPECT_EQ(found[0].index, 0);
  EXPECT_EQ(scanner.reach(0), 0.125F);  // half the square of the distance to the first two's mean
}

TEST(Products, AreTheChainsOfInnerProductsOnEveryTarget) {
  const TargetGuard guard;
  for (const std::string& target : available_targets()) {
    use_target(target);
    for (const Shape& shape : kShapes) {  // k is not used
      const auto items = random_rows(shape.num_items, shape.dim, 1);
      const auto queries = random_rows(shape.num_queries, shape.dim, 2);
      Panels panels;
      panels.pack(items, shape.dim, Nearness::inner_product);
      std::vector<float> products(to_size(shape.num_queries * shape.num_items));
      inner_products(panels, queries, products);
      std::vector<float> expected;
      for (Count q = 0; q < shape.num_queries; ++q) {
        for (Count i = 0; i < shape.num_items; ++i) {
          expected.push_back(
              inner_product(row_of(queries, q, shape.dim), row_of(items, i, shape.dim)));
        }
      }
      EXPECT_TRUE(products == expected) << target << " dim " << shape.dim;
    }
  }
}

}  // namespace
}  // namespace kith::distance
