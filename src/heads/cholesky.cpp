#include "heads/cholesky.hpp"

#include <cblas.h>

#include <algorithm>
#include <cmath>

#include "kith/core/error.hpp"

namespace kith::heads {
namespace {

constexpr int kBlock = 64;

/// A block on the diagonal, `stride` numbers a row.
bool factorize_block(double* block, int size, Count stride) {
  for (int column = 0; column < size; ++column) {
    double* pivot_row = block + column * stride;
    double pivot = pivot_row[column];
    for (int k = 0; k < column; ++k) {
      pivot -= pivot_row[k] * pivot_row[k];
    }
    if (!(pivot > 0)) {
      return false;
    }
    pivot_row[column] = std::sqrt(pivot);
    for (int i = column + 1; i < size; ++i) {
      double* row = block + i * stride;
      double value = row[column];
      for (int k = 0; k < column; ++k) {
        value -= row[k] * pivot_row[k];
      }
      row[column] = value / pivot_row[column];
    }
  }
  return true;
}

}  // namespace

bool factorize(std::span<double> matrix, Count size) {
  const int n = narrow<int>(size, "dimensions of a head");
  for (int begin = 0; begin < n; begin += kBlock) {
    const int width = std::min(kBlock, n - begin);
    const int rest = n - begin - width;
    double* block = matrix.data() + begin * size + begin;
    if (!factorize_block(block, width, size)) {
      return false;
    }
    if (rest == 0) {
      break;
    }
    double* below = block + width * size;
    cblas_dtrsm(CblasRowMajor, CblasRight, CblasLower, CblasTrans, CblasNonUnit, rest, width, 1.0,
                block, n, below, n);
    cblas_dsyrk(CblasRowMajor, CblasLower, CblasNoTrans, rest, width, -1.0, below, n, 1.0,
                below + width, n);
  }
  return true;
}

void solve(std::span<const double> factor, Count size, std::span<double> right_sides) {
  const int n = narrow<int>(size, "dimensions of a head");
  const int rows = narrow<int>(count_of(right_sides) / size, "classes of a head");
  // x L L' = row: first y L' = row, then x L = y.
  for (const CBLAS_TRANSPOSE transpose : {CblasTrans, CblasNoTrans}) {
    cblas_dtrsm(CblasRowMajor, CblasRight, CblasLower, transpose, CblasNonUnit, rows, n, 1.0,
                factor.data(), n, right_sides.data(), n);
  }
}

}  // namespace kith::heads
