/// Vectors to measure distances of.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "kith/core/random.hpp"
#include "kith/distance/target.hpp"

namespace kith::distance::test {

inline std::vector<float> random_rows(Count num_rows, Count dim, std::uint64_t seed) {
  std::vector<float> rows(to_size(num_rows * dim));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i] =
        static_cast<float>(random_uniform(seed, Purpose::tie, static_cast<std::int64_t>(i)) - 0.4);
  }
  return rows;
}

inline std::span<const float> row_of(std::span<const float> rows, Count row, Count dim) {
  return rows.subspan(to_size(row * dim), to_size(dim));
}

/// Restores the instruction set that was in use.
class TargetGuard {
 public:
  TargetGuard() : before_{target_name()} {}
  ~TargetGuard() { use_target(before_); }
  TargetGuard(const TargetGuard&) = delete;
  TargetGuard& operator=(const TargetGuard&) = delete;

 private:
  std::string before_;
};

}  // namespace kith::distance::test
