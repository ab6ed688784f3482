#include "propagate/kernel.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "propagate/kernel.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "propagate/neighbor_sums-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace kith::propagate::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// At most 16 lanes, so that a block of columns is a whole number of vectors on every target.
using Tag = hn::CappedTag<float, kColumnBlock>;
using Vector = hn::Vec<Tag>;

template <bool kKeeps>
HWY_INLINE void sweep_all(const SweepArguments& a, Count begin, Count end) {
  const Tag tag;
  for (Count row = begin; row < end; ++row) {
    const Vector inverse = hn::Set(tag, a.inverse_degree[row]);
    float* to = a.next + row * a.stride;
    sum_all_neighbors(tag, a, row, [&](Vector sum, Count column) {
      const Vector decay = hn::LoadU(tag, a.decay + column);
      Vector value = hn::Mul(hn::Mul(sum, inverse), decay);
      if constexpr (kKeeps) {
        const Vector keep = hn::LoadU(tag, a.keep + column);
        value = hn::Add(value, hn::Mul(keep, hn::LoadU(tag, to + column)));
      }
      hn::StoreU(value, tag, to + column);
    });
  }
}

void SweepRows(const SweepArguments& a, Count begin, Count end) {
  if (a.keep == nullptr) {
    sweep_all<false>(a, begin, end);
  } else {
    sweep_all<true>(a, begin, end);
  }
}

void MeasureRows(const SweepArguments& a, Count begin, Count end, float* change, float* size) {
  const Tag tag;
  const auto lanes = static_cast<Count>(hn::Lanes(tag));
  for (Count column = 0; column < a.stride; column += lanes) {
    Vector most_change = hn::LoadU(tag, change + column);
    Vector most_size = hn::LoadU(tag, size + column);
    for (Count row = begin; row < end; ++row) {
      const Vector now = hn::LoadU(tag, a.next + row * a.stride + column);
      const Vector before = hn::LoadU(tag, a.state + row * a.stride + column);
      most_change = hn::Max(most_change, hn::Abs(hn::Sub(now, before)));
      most_size = hn::Max(most_size, hn::Abs(now));
    }
    hn::StoreU(most_change, tag, change + column);
    hn::StoreU(most_size, tag, size + column);
  }
}

void BestColumns(const ColumnRun& run, Count begin, Count end, std::int32_t* best) {
  const Tag tag;
  const int lanes = static_cast<int>(hn::Lanes(tag));
  const Vector lowest = hn::Set(tag, -3.4e38F);
  for (Count row = begin; row < end; ++row) {
    const float* values = run.first + row * run.stride;
    float most = -3.4e38F;
    std::int32_t at = -1;
    bool reached = false;
    for (int column = 0; column < run.width; column += lanes) {
      const auto inside = hn::FirstN(tag, static_cast<std::size_t>(run.width - column));
      const Vector read = hn::LoadU(tag, values + column);
      const Vector value = hn::IfThenElse(inside, read, lowest);
      const Vector largest = hn::MaxOfLanes(tag, value);
      const float here = hn::GetLane(largest);
      reached = reached || !hn::AllTrue(tag, hn::Or(hn::Not(inside), hn::Eq(read, hn::Zero(tag))));
      if (here > most) {
        most = here;
        at = column + static_cast<std::int32_t>(hn::FindFirstTrue(tag, hn::Eq(value, largest)));
      }
    }
    best[row - begin] = reached ? at : -1;
  }
}

void EnergyOfRows(const SweepArguments& a, const ColumnRun& run, float scale, Count begin,
                  Count end, double* energy) {
  const Tag tag;
  const int lanes = static_cast<int>(hn::Lanes(tag));
  const Vector factor = hn::Set(tag, scale);
  for (Count row = begin; row < end; ++row) {
    double total = 0;
    for (int column = 0; column < run.width; column += lanes) {
      const auto inside = hn::FirstN(tag, static_cast<std::size_t>(run.width - column));
      const Vector mine = hn::LoadU(tag, run.first + row * run.stride + column);
      Vector sum = hn::Zero(tag);
      for (Count edge = a.offsets[row]; edge < a.offsets[row + 1]; ++edge) {
        const float* other = run.first + a.columns[edge].value() * run.stride + column;
        const Vector apart = hn::Mul(factor, hn::Sub(mine, hn::LoadU(tag, other)));
        sum = hn::Add(sum, hn::Mul(hn::Set(tag, a.weights[edge]), hn::Mul(apart, apart)));
      }
      float lane_sums[kColumnBlock];
      hn::StoreU(hn::IfThenElseZero(inside, sum), tag, lane_sums);
      for (int lane = 0; lane < lanes; ++lane) {  // in the order of columns on every target
        total += double{lane_sums[lane]};
      }
    }
    energy[row - begin] = total;
  }
}

}  // namespace kith::propagate::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace kith::propagate {

HWY_EXPORT(SweepRows);
HWY_EXPORT(MeasureRows);
HWY_EXPORT(BestColumns);
HWY_EXPORT(EnergyOfRows);

void sweep_rows(const SweepArguments& arguments, Count begin, Count end) {
  HWY_DYNAMIC_DISPATCH(SweepRows)(arguments, begin, end);
}

void measure_rows(const SweepArguments& arguments, Count begin, Count end, float* change,
                  float* size) {
  HWY_DYNAMIC_DISPATCH(MeasureRows)(arguments, begin, end, change, size);
}

void best_columns(const ColumnRun& run, Count begin, Count end, std::int32_t* best) {
  HWY_DYNAMIC_DISPATCH(BestColumns)(run, begin, end, best);
}

void energy_of_rows(const SweepArguments& graph, const ColumnRun& run, float scale, Count begin,
                    Count end, double* energy) {
  HWY_DYNAMIC_DISPATCH(EnergyOfRows)(graph, run, scale, begin, end, energy);
}

}  // namespace kith::propagate
#endif
