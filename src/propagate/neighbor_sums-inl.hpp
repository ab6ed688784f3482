// The loop that all sweeps share, for whatever instruction set is compiled: a row of a sparse
// matrix times a block of columns, in single or double precision.
#if defined(KITH_PROPAGATE_NEIGHBOR_SUMS_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef KITH_PROPAGATE_NEIGHBOR_SUMS_INL
#undef KITH_PROPAGATE_NEIGHBOR_SUMS_INL
#else
#define KITH_PROPAGATE_NEIGHBOR_SUMS_INL
#endif

#include <hwy/highway.h>

#include "kith/core/types.hpp"

HWY_BEFORE_NAMESPACE();
namespace kith::propagate::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// sum_j w_ij state_j of one row for kVectors (1, 2, 4, 8) vectors of columns from `column` on:
/// finish(sum, shift) gets each, shift its distance from `column`. Arguments: offsets, columns,
/// weights, stride, state. Sums run in stored order, product and sum are rounded apart: the same
/// bits on every instruction set. Each neighbor row is read in runs of whole cache lines. The sums
/// are eight variables, for vectors of unknown length cannot stand in an array.
template <int kVectors, class Tag, class Arguments, class Finish>
HWY_INLINE void sum_neighbors(Tag tag, const Arguments& a, Count row, Count column,
                              Finish&& finish) {
  using Vector = hn::Vec<Tag>;
  const auto lanes = static_cast<Count>(hn::Lanes(tag));
  Vector sum0 = hn::Zero(tag);
  Vector sum1 = sum0, sum2 = sum0, sum3 = sum0;
  Vector sum4 = sum0, sum5 = sum0, sum6 = sum0, sum7 = sum0;
  for (Count edge = a.offsets[row]; edge < a.offsets[row + 1]; ++edge) {
    const hn::TFromD<Tag>* from = a.state + a.columns[edge].value() * a.stride + column;
    const Vector weight = hn::Set(tag, static_cast<hn::TFromD<Tag>>(a.weights[edge]));
    sum0 = hn::Add(sum0, hn::Mul(weight, hn::LoadU(tag, from)));
    if constexpr (kVectors >= 2) {
      sum1 = hn::Add(sum1, hn::Mul(weight, hn::LoadU(tag, from + lanes)));
    }
    if constexpr (kVectors >= 4) {
      sum2 = hn::Add(sum2, hn::Mul(weight, hn::LoadU(tag, from + 2 * lanes)));
      sum3 = hn::Add(sum3, hn::Mul(weight, hn::LoadU(tag, from + 3 * lanes)));
    }
    if constexpr (kVectors >= 8) {
      sum4 = hn::Add(sum4, hn::Mul(weight, hn::LoadU(tag, from + 4 * lanes)));
      sum5 = hn::Add(sum5, hn::Mul(weight, hn::LoadU(tag, from + 5 * lanes)));
      sum6 = hn::Add(sum6, hn::Mul(weight, hn::LoadU(tag, from + 6 * lanes)));
      sum7 = hn::Add(sum7, hn::Mul(weight, hn::LoadU(tag, from + 7 * lanes)));
    }
  }
  finish(sum0, Count{0});
  if constexpr (kVectors >= 2) {
    finish(sum1, lanes);
  }
  if constexpr (kVectors >= 4) {
    finish(sum2, 2 * lanes);
    finish(sum3, 3 * lanes);
  }
  if constexpr (kVectors >= 8) {
    finish(sum4, 4 * lanes);
    finish(sum5, 5 * lanes);
    finish(sum6, 6 * lanes);
    finish(sum7, 7 * lanes);
  }
}

/// The same for all columns of a row, a.stride of them; finish(sum, column).
template <class Tag, class Arguments, class Finish>
HWY_INLINE void sum_all_neighbors(Tag tag, const Arguments& a, Count row, Finish&& finish) {
  const auto lanes = static_cast<Count>(hn::Lanes(tag));
  Count column = 0;
  const auto at = [&](hn::Vec<Tag> sum, Count shift) { finish(sum, column + shift); };
  for (; column + 8 * lanes <= a.stride; column += 8 * lanes) {
    sum_neighbors<8>(tag, a, row, column, at);
  }
  if (column + 4 * lanes <= a.stride) {
    sum_neighbors<4>(tag, a, row, column, at);
    column += 4 * lanes;
  }
  if (column + 2 * lanes <= a.stride) {
    sum_neighbors<2>(tag, a, row, column, at);
    column += 2 * lanes;
  }
  if (column < a.stride) {
    sum_neighbors<1>(tag, a, row, column, at);
  }
}

}  // namespace kith::propagate::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // per target
