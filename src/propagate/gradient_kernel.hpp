/// The inner loops of conjugate gradient, in double precision.
#pragma once

#include <span>
#include <vector>

#include "kith/core/exact_sum.hpp"
#include "kith/core/types.hpp"

namespace kith::propagate {

/// product_i = sum_j w_ij state_j, rows [begin, end), in stored order.
struct ProductArguments {
  const Count* offsets = nullptr;
  const LocalId* columns = nullptr;
  const float* weights = nullptr;
  Count stride = 0;               // a multiple of kColumnBlock
  const double* state = nullptr;  // owned and ghost nodes x stride
  double* product = nullptr;      // owned nodes x stride
};
void multiply_rows(const ProductArguments& arguments, Count begin, Count end);

/// Sums of terms in two parts of fixed point each, column by column, which do not depend on the
/// order of the terms: J. Demmel, H. Nguyen, "Parallel reproducible summation", IEEE Trans.
/// Computers 64 (2015), section 4, with bounds that are known beforehand. The first part holds 40
/// bits below the bound, the second 40 below these.
class FoldedSums {
 public:
  /// bounds: of the size of every term of each column, the same on every rank.
  explicit FoldedSums(std::span<const double> bounds);

  /// What adding a term needs, and a chunk's sums.
  struct Chunk {
    const double* coarse;  // one a column, as the next
    const double* fine;
    std::vector<double> high;
    std::vector<double> low;
  };
  [[nodiscard]] Chunk chunk() const;
  /// At most 2^11 terms a column.
  void add(const Chunk& chunk);

  /// The parts of all columns, to be summed over ranks.
  [[nodiscard]] std::span<ExactSum> parts() { return parts_; }
  [[nodiscard]] std::vector<double> values() const;

 private:
  std::vector<int> exponents_;
  std::vector<double> coarse_;
  std::vector<double> fine_;
  std::vector<ExactSum> parts_;  // high and low of each column
};

/// One row of some systems A x = b: r = b - A x, p the direction, q = A p.
struct GradientRow {
  Count stride = 0;
  const double* diagonal = nullptr;  // or its inverse, as said; 0 where x is known
  double* x = nullptr;
  double* r = nullptr;
  double* p = nullptr;
  double* q = nullptr;
};

/// q = diagonal p - decay W p, the last of which stands in q before; adds p . q; largest |q|.
void form_q_row(const GradientRow& row, const double* decay, FoldedSums::Chunk& sums,
                double* largest);
/// x += alpha p, r -= alpha q; adds r . r / diagonal; largest |r|. row.diagonal is the inverse.
void update_x_r_row(const GradientRow& row, const double* alpha, FoldedSums::Chunk& sums,
                    double* largest);
/// p = r / diagonal + beta p; largest |p|. row.diagonal is the inverse.
void update_p_row(const GradientRow& row, const double* beta, double* largest);

}  // namespace kith::propagate
