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
template <class D>
HWY_INLINE hn::Vec<D> fused(D d, hn::Vec<D> x, hn::Vec<D> y, hn::Vec<D> sum) {
#if HWY_NATIVE_FMA
  static_cast<void>(d);
  return hn::MulAdd(x, y, sum);
#else
  constexpr std::size_t kSize = hn::MaxLanes(D{});
  alignas(64) float xs[kSize];
  alignas(64) float ys[kSize];
  alignas(64) float sums[kSize];
  hn::Store(x, d, xs);
  hn::Store(y, d, ys);
  hn::Store(sum, d, sums);
  for (std::size_t lane = 0; lane < kSize; ++lane) {
    sums[lane] = std::fma(xs[lane], ys[lane], sums[lane]);
  }
  return hn::Load(d, sums);
#endif
}
HWY_INLINE FloatVector fused(FloatVector x, FloatVector y, FloatVector sum) {
  return fused(Floats{}, x, y, sum);
}

/// Four rows at once, one row a lane, also where vectors have one lane only.
#if HWY_TARGET == HWY_SCALAR
struct Quad {
  float lanes[4];
};
HWY_INLINE Quad zero_quad() {
  return {{0, 0, 0, 0}};
}
#else
using Four = hn::FixedTag<float, 4>;
struct Quad {
  hn::Vec<Four> lanes;
};
HWY_INLINE Quad zero_quad() {
  return {hn::Zero(Four{})};
}
#endif

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

/// Dimensions begin..begin+3 of four rows, less the origin, to out[dim * stride + row]; squares[j]
/// collects the squares of dimensions begin + j.
HWY_INLINE void store_shifted(const float* const* rows, const float* origin, Count begin,
                              float* out, Count stride, Quad* squares) {
  for (int j = 0; j < 4; ++j) {
    for (int row = 0; row < 4; ++row) {
      const float value = rows[row][begin + j] - origin[begin + j];
      out[j * stride + row] = value;
      squares[j].lanes[row] = std::fma(value, value, squares[j].lanes[row]);
    }
  }
}

/// out[row] = the sum of the four, two and two first.
HWY_INLINE void store_sum(const Quad* squares, float* out) {
  for (int row = 0; row < 4; ++row) {
    out[row] = (squares[0].lanes[row] + squares[1].lanes[row]) +
               (squares[2].lanes[row] + squares[3].lanes[row]);
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

/// Dimensions begin..begin+3 of four rows, less the origin, to out[dim * stride + row]; squares[j]
/// collects the squares of dimensions begin + j.
HWY_INLINE void store_shifted(const float* const* rows, const float* origin, Count begin,
                              float* out, Count stride, Quad* squares) {
  const Four d;
  const hn::Vec<Four> values[4] = {hn::LoadU(d, rows[0] + begin), hn::LoadU(d, rows[1] + begin),
                                   hn::LoadU(d, rows[2] + begin), hn::LoadU(d, rows[3] + begin)};
  const Transposed<Four> transposed = transpose(d, values);
#pragma GCC unroll 4
  for (int j = 0; j < 4; ++j) {
    const auto shifted = hn::Sub(transposed.dim[j], hn::Set(d, origin[begin + j]));
    hn::StoreU(shifted, d, out + j * stride);
    squares[j].lanes = fused(d, shifted, shifted, squares[j].lanes);
  }
}

/// out[row] = the sum of the four, two and two first.
HWY_INLINE void store_sum(const Quad* squares, float* out) {
  hn::StoreU(hn::Add(hn::Add(squares[0].lanes, squares[1].lanes),
                     hn::Add(squares[2].lanes, squares[3].lanes)),
             Four{}, out);
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
