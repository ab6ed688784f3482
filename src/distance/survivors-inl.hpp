// A query's nearest among the items that survived, compiled once for each instruction set (hence no
// #pragma once: Highway's guard).
#if defined(KITH_DISTANCE_SURVIVORS_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef KITH_DISTANCE_SURVIVORS_INL
#undef KITH_DISTANCE_SURVIVORS_INL
#else
#define KITH_DISTANCE_SURVIVORS_INL
#endif

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "lanes-inl.hpp"
#include "scan.hpp"

HWY_BEFORE_NAMESPACE();
namespace kith::distance::HWY_NAMESPACE {

using FloatMask = hn::Mask<Floats>;

/// The smallest score that at least k of the `size` scores do not exceed.
inline float kth_smallest(const float* scores, std::int32_t size, int k) {
  const Floats d;
  const Ints di;
  FloatVector best = hn::Set(d, std::numeric_limits<float>::infinity());
  const IntVector enough = hn::Set(di, k - 1);
  for (std::int32_t i = 0; i < size; i += kLanes) {
    const FloatVector mine = hn::Load(d, scores + i);
    IntVector num_below = hn::Zero(di);
    for (std::int32_t j = 0; j < size; ++j) {
      const auto is_below = hn::Le(hn::Set(d, scores[j]), mine);
      num_below = hn::Sub(num_below, hn::VecFromMask(di, hn::RebindMask(di, is_below)));
    }
    const auto is_candidate = hn::RebindMask(d, hn::Gt(num_below, enough));
    best = hn::Min(best, hn::IfThenElse(is_candidate, mine, best));
  }
  return hn::GetLane(hn::MinOfLanes(d, best));
}

/// Keeps the k smallest by (score, index): for large k, and when many scores are equal.
inline void select_exactly(float* scores, std::int32_t* indices, std::int32_t size, int k) {
  using Entry = std::pair<float, std::int32_t>;
  std::vector<Entry> entries;
  entries.reserve(to_size(size));
  for (std::int32_t i = 0; i < size; ++i) {
    entries.emplace_back(scores[i], indices[i]);
  }
  std::nth_element(entries.begin(), entries.begin() + (k - 1), entries.end());
  for (int i = 0; i < k; ++i) {
    scores[i] = entries[to_size(i)].first;
    indices[i] = entries[to_size(i)].second;
  }
}

/// Drops what cannot be among the query's k nearest and lowers its threshold.
inline void tighten(Survivors& survivors, std::int32_t query) {
  constexpr std::int32_t kMostForRanking = 192;
  const Floats d;
  const Ints di;
  const Count offset = Count{query} * survivors.capacity;
  float* scores = survivors.scores.data() + offset;
  std::int32_t* indices = survivors.indices.data() + offset;
  std::int32_t& size = survivors.sizes[to_size(query)];
  const int k = survivors.k;
  if (size <= kMostForRanking) {
    hn::StoreU(hn::Set(d, std::numeric_limits<float>::infinity()), d, scores + size);
    const float threshold = kth_smallest(scores, size, k);
    std::int32_t kept = 0;
    for (std::int32_t i = 0; i < size; i += kLanes) {
      const FloatVector score = hn::Load(d, scores + i);
      const IntVector index = hn::Load(di, indices + i);
      const FloatMask stays = hn::Le(score, hn::Set(d, threshold));
      hn::StoreU(hn::Compress(score, stays), d, scores + kept);
      hn::StoreU(hn::Compress(index, hn::RebindMask(di, stays)), di, indices + kept);
      kept += static_cast<std::int32_t>(hn::CountTrue(d, stays));
    }
    size = kept;
    survivors.thresholds[to_size(query)] = threshold;
  }
  if (size >= survivors.full || size > kMostForRanking) {
    select_exactly(scores, indices, size, k);
    size = k;
    survivors.thresholds[to_size(query)] = *std::max_element(scores, scores + k);
  }
}

}  // namespace kith::distance::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
