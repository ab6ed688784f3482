#include "kith/distance/direct.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kith/core/error.hpp"
#include "kith/core/half.hpp"
#include "kith/distance/target.hpp"

#include "distance/made_rows.hpp"

namespace kith::distance {
namespace {

using test::random_rows;
using test::row_of;
using test::TargetGuard;

TEST(Direct, BatchesHaveTheBitsOfOnePairOnEveryTarget) {
  const TargetGuard guard;
  for (const std::string& target : available_targets()) {
    use_target(target);
    for (const Count dim : {1, 3, 4, 17, 64, 784}) {
      for (const Count num_rows : {0, 1, 5, 16, 17, 33, 70}) {
        const auto rows = random_rows(num_rows, dim, 12);
        const auto query = random_rows(1, dim, 13);
        std::vector<const std::byte*> pointers;
        for (Count i = 0; i < num_rows; ++i) {
          pointers.push_back(std::as_bytes(row_of(rows, i, dim)).data());
        }
        std::vector<float> distances(to_size(num_rows));
        std::vector<float> products(to_size(num_rows));
        squared_distances(query, RowType::f32, pointers, distances);
        inner_products(query, RowType::f32, pointers, products);
        for (Count i = 0; i < num_rows; ++i) {
          const auto row = row_of(rows, i, dim);
          EXPECT_EQ(distances[to_size(i)], squared_distance(query, row)) << target << dim;
          EXPECT_EQ(products[to_size(i)], inner_product(row, query)) << target << dim;
        }
      }
    }
  }
}

TEST(Direct, HalvesGiveTheBitsOfTheFloatsTheyStandFor) {
  const TargetGuard guard;
  for (const std::string& target : available_targets()) {
    use_target(target);
    for (const Count dim : {1, 7, 8, 50, 784}) {
      constexpr Count kRows = 37;
      const auto query = random_rows(1, dim, 13);
      const auto values = random_rows(kRows, dim, 12);
      std::vector<std::uint16_t> halves(values.size());
      std::vector<float> rows(values.size());
      float_to_half(values, halves);
      half_to_float(halves, rows);
      std::vector<const std::byte*> pointers;
      for (Count i = 0; i < kRows; ++i) {
        pointers.push_back(std::as_bytes(std::span{halves}.subspan(to_size(i * dim))).data());
      }
      std::vector<float> distances(to_size(kRows));
      std::vector<float> products(to_size(kRows));
      std::vector<float> loaded(rows.size());

      squared_distances(query, RowType::f16, pointers, distances);
      inner_products(query, RowType::f16, pointers, products);
      load_rows(RowType::f16, pointers.front(), loaded);

      EXPECT_EQ(loaded, rows);
      for (Count i = 0; i < kRows; ++i) {
        const auto row = row_of(rows, i, dim);
        EXPECT_EQ(distances[to_size(i)], squared_distance(query, row)) << target << dim;
        EXPECT_EQ(products[to_size(i)], inner_product(row, query)) << target << dim;
      }
    }
  }
}

TEST(Direct, IsCloseToDoublePrecision) {
  const auto x = random_rows(1, 1000, 14);
  const auto y = random_rows(1, 1000, 15);
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    sum += (double{x[i]} - y[i]) * (double{x[i]} - y[i]);
  }
  EXPECT_NEAR(squared_distance(x, y), sum, 1e-5 * sum);
}

TEST(Target, NamesThoseThatExistWhenAskedForAnother) {
  const TargetGuard guard;
  try {
    use_target("PDP11");
    ADD_FAILURE() << "nothing thrown";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::StartsWith("KITH_TARGET = PDP11: no such instruction set"));
  }
  EXPECT_GE(available_targets().size(), 1U);
}

}  // namespace
}  // namespace kith::distance
