#include "propagate/kernel.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "propagate/kernel.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace kith::propagate::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// At most 16 lanes, so that a block of columns is a whole number of vectors on every target.
using Tag = hn::CappedTag<float, kColumnBlock>;
using Vector = hn::Vec<Tag>;

/// One row, four vectors of columns at once: each neighbor row is read in runs of whole cache
/// lines.
template <int kVectors>
HWY_INLINE void sweep_columns(const SweepArguments& a, Count row, Count column) {
  const Tag tag;
  const auto lanes = static_cast<Count>(hn::Lanes(tag));
  Vector sum0 = hn::Zero(tag);
  Vector sum1 = sum0;
  Vector sum2 = sum0;
  Vector sum3 = sum0;
  for (Count edge = a.offsets[row]; edge < a.offsets[row + 1]; ++edge) {
    const float* from = a.state + a.columns[edge].value() * a.stride + column;
    const Vector weight = hn::Set(tag, a.weights[edge]);
    sum0 = hn::Add(sum0, hn::Mul(weight, hn::LoadU(tag, from)));
    if constexpr (kVectors == 4) {
      sum1 = hn::Add(sum1, hn::Mul(weight, hn::LoadU(tag, from + lanes)));
      sum2 = hn::Add(sum2, hn::Mul(weight, hn::LoadU(tag, from + 2 * lanes)));
      sum3 = hn::Add(sum3, hn::Mul(weight, hn::LoadU(tag, from + 3 * lanes)));
    }
  }
  const Vector inverse = hn::Set(tag, a.inverse_degree[row]);
  float* to = a.next + row * a.stride + column;
  const auto finish = [&](Vector sum, Count shift) {
    const Vector decay = hn::LoadU(tag, a.decay + column + shift);
    hn::StoreU(hn::Mul(hn::Mul(sum, inverse), decay), tag, to + shift);
  };
  finish(sum0, 0);
  if constexpr (kVectors == 4) {
    finish(sum1, lanes);
    finish(sum2, 2 * lanes);
    finish(sum3, 3 * lanes);
  }
}

void SweepRows(const SweepArguments& a, Count begin, Count end) {
  const auto lanes = static_cast<Count>(hn::Lanes(Tag()));
  for (Count row = begin; row < end; ++row) {
    Count column = 0;
    for (; column + 4 * lanes <= a.stride; column += 4 * lanes) {
      sweep_columns<4>(a, row, column);
    }
    for (; column < a.stride; column += lanes) {
      sweep_columns<1>(a, row, column);
    }
  }
}

using WideTag = hn::CappedTag<double, kColumnBlock / 2>;

void MultiplyRows(const ProductArguments& a, Count begin, Count end) {
  const WideTag tag;
  const auto lanes = static_cast<Count>(hn::Lanes(tag));
  for (Count row = begin; row < end; ++row) {
    for (Count column = 0; column < a.stride; column += 2 * lanes) {
      auto sum0 = hn::Zero(tag);
      auto sum1 = sum0;
      for (Count edge = a.offsets[row]; edge < a.offsets[row + 1]; ++edge) {
        const double* from = a.state + a.columns[edge].value() * a.stride + column;
        const auto weight = hn::Set(tag, static_cast<double>(a.weights[edge]));
        sum0 = hn::Add(sum0, hn::Mul(weight, hn::LoadU(tag, from)));
        sum1 = hn::Add(sum1, hn::Mul(weight, hn::LoadU(tag, from + lanes)));
      }
      double* to = a.product + row * a.stride + column;
      hn::StoreU(sum0, tag, to);
      hn::StoreU(sum1, tag, to + lanes);
    }
  }
}

void MeasureRows(const SweepArguments& a, Count begin, Count end, float* change, float* size) {
  const Tag tag;
  const auto lanes = static_cast<Count>(hn::Lanes(tag));
  for (Count row = begin; row < end; ++row) {
    const float* before = a.state + row * a.stride;
    const float* after = a.next + row * a.stride;
    for (Count column = 0; column < a.stride; column += lanes) {
      const Vector now = hn::LoadU(tag, after + column);
      const Vector moved = hn::Abs(hn::Sub(now, hn::LoadU(tag, before + column)));
      hn::StoreU(hn::Max(hn::LoadU(tag, change + column), moved), tag, change + column);
      hn::StoreU(hn::Max(hn::LoadU(tag, size + column), hn::Abs(now)), tag, size + column);
    }
  }
}

}  // namespace kith::propagate::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace kith::propagate {

HWY_EXPORT(SweepRows);
HWY_EXPORT(MultiplyRows);
HWY_EXPORT(MeasureRows);

void sweep_rows(const SweepArguments& arguments, Count begin, Count end) {
  HWY_DYNAMIC_DISPATCH(SweepRows)(arguments, begin, end);
}

void multiply_rows(const ProductArguments& arguments, Count begin, Count end) {
  HWY_DYNAMIC_DISPATCH(MultiplyRows)(arguments, begin, end);
}

void measure_rows(const SweepArguments& arguments, Count begin, Count end, float* change,
                  float* size) {
  HWY_DYNAMIC_DISPATCH(MeasureRows)(arguments, begin, end, change, size);
}

}  // namespace kith::propagate
#endif
