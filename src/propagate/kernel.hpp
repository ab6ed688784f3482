/// The inner loops of propagation: rows of a sparse matrix times a block of columns.
#pragma once

#include <cstdint>
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
  const float* keep = nullptr;   // one a column, or null: share of what `next` held before
  Count stride = 0;
  const float* state = nullptr;  // owned and ghost nodes x stride
  float* next = nullptr;         // owned nodes x stride
};

/// next_i = decay * (sum_j w_ij state_j) / d_i + keep * next_i for rows [begin, end). Sums run in
/// stored order, product and sum are rounded apart: the same bits on every instruction set. An edge
/// is read once for up to eight vectors of columns.
void sweep_rows(const SweepArguments& arguments, Count begin, Count end);

/// Largest |next - state| and |next| of each column over rows [begin, end), into change and size
/// (stride entries each), which keep what they have if that is larger.
void measure_rows(const SweepArguments& arguments, Count begin, Count end, float* change,
                  float* size);

/// Some columns of a state: `width` of them, rows `stride` apart.
struct ColumnRun {
  const float* first = nullptr;  // row 0; at least kColumnBlock floats can be read from any entry
  Count stride = 0;
  int width = 0;
};

/// The column of the largest value of rows [begin, end), ties to the smaller; -1 if all are 0.
void best_columns(const ColumnRun& run, Count begin, Count end, std::int32_t* best);

/// sum_j w_ij sum_c (scale (x_ic - x_jc))^2 of each row of [begin, end), into energy.
void energy_of_rows(const SweepArguments& graph, const ColumnRun& run, float scale, Count begin,
                    Count end, double* energy);

}  // namespace kith::propagate
