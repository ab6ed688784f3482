/// The inner loop of propagation: rows of a sparse matrix times a block of columns.
#pragma once

#include <span>

#include "kith/core/types.hpp"

namespace kith::propagate {

/// Columns are laid out row by row, `stride` floats a node; stride is a multiple of kColumnBlock.
inline constexpr Count kColumnBlock = 16;

struct SweepArguments {
  const Count* offsets = nullptr;  // CSR of the owned rows
  const LocalId* columns = nullptr;
  const float* weights = nullptr;
  const float* inverse_degree = nullptr;
  const float* decay = nullptr;  // one a column
  Count stride = 0;
  const float* state = nullptr;  // owned and ghost nodes x stride
  float* next = nullptr;         // owned nodes x stride
};

/// next_i = decay * (sum_j w_ij state_j) / d_i for rows [begin, end). Sums run in stored order,
/// product and sum are rounded apart: the same bits on every instruction set.
void sweep_rows(const SweepArguments& arguments, Count begin, Count end);

/// product_i = sum_j w_ij state_j in double precision, rows [begin, end), in stored order.
struct ProductArguments {
  const Count* offsets = nullptr;
  const LocalId* columns = nullptr;
  const float* weights = nullptr;
  Count stride = 0;               // a multiple of kColumnBlock
  const double* state = nullptr;  // owned and ghost nodes x stride
  double* product = nullptr;      // owned nodes x stride
};
void multiply_rows(const ProductArguments& arguments, Count begin, Count end);

/// Largest |next - state| and |next| of each column over rows [begin, end), into change and size
/// (stride entries each), which keep what they have if that is larger.
void measure_rows(const SweepArguments& arguments, Count begin, Count end, float* change,
                  float* size);

}  // namespace kith::propagate
