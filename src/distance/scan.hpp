// The scan kernel: scores of queries x items in registers, survivors to each query's buffer.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kith/core/types.hpp"
#include "kith/distance/panels.hpp"

namespace kith::distance {

/// Candidates of each query of a block that beat its threshold, and a little scratch memory.
struct Survivors {
  template <class T>
  using Buffer = std::vector<T, CacheLineAllocator<T>>;

  int k = 0;
  std::int32_t full = 0;      // a buffer with this many entries is cut down to k
  std::int32_t capacity = 0;  // full + what one tile can append
  Buffer<float> thresholds;   // the k-th score so far, one a query
  Buffer<float> reaches;      // as Scanner::reach(), one a query
  Buffer<std::int32_t> sizes;
  Buffer<float> scores;          // num_queries x capacity
  Buffer<std::int32_t> indices;  // num_queries x capacity
  Buffer<float> tile;            // queries of one register tile, [dim][queries]
  Buffer<float> offsets;         // half their squared norms

  void reset(Count num_queries, Count dim, int num_nearest);
};

/// What one call of the kernel compares.
struct ScanJob {
  const Panels* items;
  std::int32_t first_index;
  const float* queries;  // row-major
  std::span<const std::int32_t> query_numbers;
};

/// Compares all of the job, adding to `survivors`.
void scan(const ScanJob& job, Survivors& survivors);

/// Leaves each query its k nearest, unsorted, and those that are as near as the last of them.
void cut(Survivors& survivors);

}  // namespace kith::distance
