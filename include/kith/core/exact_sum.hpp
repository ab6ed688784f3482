/// Sums of real numbers that do not depend on the order of their terms.
#pragma once

#include <array>
#include <cstdint>

namespace kith {

/// A sum in fixed point with 40 fractional bits in 128-bit integers: addition is associative, so
/// the result is the same for any number of ranks and threads. Terms: |x| < 2^60, each rounded to
/// 2^-40; the sum of all must stay below 2^87, as do 2^36 terms of 2^50.
class ExactSum {
 public:
  /// Three signed limbs that MPI_SUM may add over up to 2^15 ranks without a carry being lost.
  using Limbs = std::array<std::int64_t, 3>;

  constexpr ExactSum() = default;
  explicit ExactSum(const Limbs& limbs);

  void add(double term);
  void add(const ExactSum& other) { total_ += other.total_; }

  [[nodiscard]] double value() const;
  [[nodiscard]] Limbs limbs() const;
  bool operator==(const ExactSum&) const = default;

 private:
  __extension__ using Wide = __int128;
  Wide total_ = 0;
};

}  // namespace kith
