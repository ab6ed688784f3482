// Vector helpers, compiled once for each instruction set (hence no #pragma once: Highway's guard).
#if defined(KITH_DISTANCE_LANES_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef KITH_DISTANCE_LANES_INL
#undef KITH_DISTANCE_LANES_INL
#else
#define KITH_DISTANCE_LANES_INL
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "kith/core/types.hpp"
#include "kith/distance/panels.hpp"

HWY_BEFORE_NAMESPACE();
namespace kith::distance::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::CappedTag<float, to_size(kPanelWidth)>;
using Ints = hn::CappedTag<std::int32_t, to_size(kPanelWidth)>;
using FloatVector = hn::Vec<Floats>;
using IntVector = hn::Vec<Ints>;
inline constexpr int kLanes = static_cast<int>(hn::MaxLanes(Floats{}));
/// Vectors that hold one dimension of a panel.
inline constexpr int kPanelVectors = static_cast<int>(kPanelWidth) / kLanes;

/// x * y + sum with one rounding, also where the instruction set has no such instruction.
HWY_INLINE FloatVector fused(FloatVector x, FloatVector y, FloatVector sum) {
#if HWY_NATIVE_FMA
  return hn::MulAdd(x, y, sum);
#else
  const Floats d;
  alignas(64) float xs[kLanes];
  alignas(64) float ys[kLanes];
  alignas(64) float sums[kLanes];
  hn::Store(x, d, xs);
  hn::Store(y, d, ys);
  hn::Store(sum, d, sums);
  for (int lane = 0; lane < kLanes; ++lane) {
    sums[lane] = std::fma(xs[lane], ys[lane], sums[lane]);
  }
  return hn::Load(d, sums);
#endif
}

/// Four dimensions of kLanes rows, one row a lane.
struct FourDims {
  FloatVector dim[4];
};

#if HWY_TARGET == HWY_SCALAR

HWY_INLINE FourDims load_transposed(const float* const* rows, Count begin) {
  FourDims values;
  for (int j = 0; j < 4; ++j) {
    values.dim[j] = hn::Set(Floats{}, rows[0][begin + j]);
  }
  return values;
}

/// Dimensions begin..begin+3 of four rows to out[dim * stride + row].
HWY_INLINE void store_transposed(const float* const* rows, Count begin, float* out, Count stride) {
  for (int j = 0; j < 4; ++j) {
    for (int row = 0; row < 4; ++row) {
      out[j * stride + row] = rows[row][begin + j];
    }
  }
}

#else

/// Dimensions begin..begin+3 of the rows row, row + 4, row + 8, ...: one 128-bit block a row.
HWY_INLINE FloatVector load_blocks(const float* const* rows, int row, Count begin) {
  const hn::FixedTag<float, 4> block;
  const auto part = [&](int index) { return hn::LoadU(block, rows[row + 4 * index] + begin); };
#if HWY_CAP_GE512
  using Half = hn::FixedTag<float, 8>;
  return hn::Combine(Floats{}, hn::Combine(Half{}, part(3), part(2)),
                     hn::Combine(Half{}, part(1), part(0)));
#elif HWY_CAP_GE256
  return hn::Combine(Floats{}, part(1), part(0));
#else
  return part(0);
#endif
}

/// Transposes the 4 x 4 floats of each 128-bit block.
template <class D>
struct Transposed {
  hn::Vec<D> dim[4];
};
template <class D>
HWY_INLINE Transposed<D> transpose(D d, const hn::Vec<D> (&rows)[4]) {
  const hn::Repartition<std::uint64_t, D> d64;
  const auto low_01 = hn::BitCast(d64, hn::InterleaveLower(d, rows[0], rows[1]));
  const auto high_01 = hn::BitCast(d64, hn::InterleaveUpper(d, rows[0], rows[1]));
  const auto low_23 = hn::BitCast(d64, hn::InterleaveLower(d, rows[2], rows[3]));
  const auto high_23 = hn::BitCast(d64, hn::InterleaveUpper(d, rows[2], rows[3]));
  return {{hn::BitCast(d, hn::InterleaveLower(d64, low_01, low_23)),
           hn::BitCast(d, hn::InterleaveUpper(d64, low_01, low_23)),
           hn::BitCast(d, hn::InterleaveLower(d64, high_01, high_23)),
           hn::BitCast(d, hn::InterleaveUpper(d64, high_01, high_23))}};
}

/// Four dimensions of kLanes rows.
HWY_INLINE FourDims load_transposed(const float* const* rows, Count begin) {
  const FloatVector blocks[4] = {load_blocks(rows, 0, begin), load_blocks(rows, 1, begin),
                                 load_blocks(rows, 2, begin), load_blocks(rows, 3, begin)};
  const Transposed<Floats> values = transpose(Floats{}, blocks);
  return {{values.dim[0], values.dim[1], values.dim[2], values.dim[3]}};
}

/// Dimensions begin..begin+3 of four rows to out[dim * stride + row].
HWY_INLINE void store_transposed(const float* const* rows, Count begin, float* out, Count stride) {
  using Block = hn::FixedTag<float, 4>;
  const Block block;
  const hn::Vec<Block> values[4] = {
      hn::LoadU(block, rows[0] + begin), hn::LoadU(block, rows[1] + begin),
      hn::LoadU(block, rows[2] + begin), hn::LoadU(block, rows[3] + begin)};
  const Transposed<Block> transposed = transpose(block, values);
  for (int j = 0; j < 4; ++j) {
    hn::StoreU(transposed.dim[j], block, out + j * stride);
  }
}

#endif

/// One dimension of kLanes rows, for the dimensions that do not fill a block of four.
HWY_INLINE FloatVector load_one_dim(const float* const* rows, Count index) {
  alignas(64) float values[kLanes];
  for (int lane = 0; lane < kLanes; ++lane) {
    values[lane] = rows[lane][index];
  }
  return hn::Load(Floats{}, values);
}

}  // namespace kith::distance::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
