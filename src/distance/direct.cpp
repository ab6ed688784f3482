#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "distance/direct.cpp"
#include "dispatch.hpp"
// Compiles the rest once for each instruction set.
#include <hwy/foreach_target.h>
// Must come after it.
#include <hwy/cache_control.h>
#include <hwy/highway.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "kith/core/half.hpp"
#include "kith/distance/direct.hpp"

#include "direct.hpp"
#include "lanes-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace kith::distance::HWY_NAMESPACE {
namespace {

/// Floats in a cache line.
constexpr Count kLine = 16;

/// The two sums that a pair can have; the chain over the dimensions is the same.
struct SquaredDifference {
  HWY_INLINE static FloatVector add(FloatVector x, FloatVector y, FloatVector sum) {
    const FloatVector difference = hn::Sub(x, y);
    return fused(difference, difference, sum);
  }
};
struct Product {
  HWY_INLINE static FloatVector add(FloatVector x, FloatVector y, FloatVector sum) {
    return fused(x, y, sum);
  }
};

/// G x kLanes rows at once; `next` are rows to fetch into the cache meanwhile.
template <class Term, int G>
void sum_rows(const float* query, Count dim, const float* const* rows, const float* const* next,
              float* out) {
  const Floats d;
  FloatVector sums[to_size(G)];
  for (int g = 0; g < G; ++g) {
    sums[g] = hn::Zero(d);
  }
  Count i = 0;
  for (; i + 4 <= dim; i += 4) {
    if (i % kLine == 0) {
      for (int row = 0; row < G * kLanes; ++row) {
        hwy::Prefetch(next[row] + i);
      }
    }
#pragma GCC unroll 2
    for (int g = 0; g < G; ++g) {
      const FourDims values = load_transposed(rows + g * kLanes, i);
#pragma GCC unroll 4
      for (int j = 0; j < 4; ++j) {
        sums[g] = Term::add(hn::Set(d, query[i + j]), values.dim[j], sums[g]);
      }
    }
  }
  for (; i < dim; ++i) {
    for (int g = 0; g < G; ++g) {
      sums[g] = Term::add(hn::Set(d, query[i]), load_one_dim(rows + g * kLanes, i), sums[g]);
    }
  }
  for (int g = 0; g < G; ++g) {
    hn::StoreU(sums[g], d, out + g * kLanes);
  }
}

const float* as_floats(const std::byte* row) {
  return static_cast<const float*>(static_cast<const void*>(row));
}
std::span<const std::uint16_t> as_halves(const std::byte* row, Count count) {
  return {static_cast<const std::uint16_t*>(static_cast<const void*>(row)), to_size(count)};
}

constexpr std::size_t kGroup = 2 * kLanes;
using Group = std::array<const std::byte*, kGroup>;

/// Some rows from `begin` on; the last one again where there are no more.
Group gather(std::span<const std::byte* const> rows, std::size_t begin) {
  Group group;
  for (std::size_t i = 0; i < kGroup; ++i) {
    group[i] = rows[std::min(begin + i, rows.size() - 1)];
  }
  return group;
}

void prefetch(const Group& rows, Count row_bytes) {
  constexpr Count kLineBytes = 64;
  for (const std::byte* row : rows) {
    for (Count i = 0; i < row_bytes; i += kLineBytes) {
      hwy::Prefetch(row + i);
    }
  }
}

/// All rows: full groups, then one group filled up with the last row. Halves are widened group by
/// group, in a core's first-level cache.
template <class Term>
void sum_all_rows(std::span<const float> query, RowType type,
                  std::span<const std::byte* const> rows, float* out) {
  if (rows.empty()) {
    return;
  }
  const Count dim = count_of(query);
  const bool is_half = type == RowType::f16;
  static thread_local std::vector<float, CacheLineAllocator<float>> widened;
  widened.resize(is_half ? kGroup * to_size(dim) : 0);
  Group now = gather(rows, 0);
  prefetch(now, dim * element_bytes(type));
  for (std::size_t begin = 0; begin < rows.size(); begin += kGroup) {
    const Group next = gather(rows, begin + kGroup);
    std::array<const float*, kGroup> floats;
    std::array<const float*, kGroup> fetched;
    if (is_half) {
      prefetch(next, dim * element_bytes(type));
    }
    for (std::size_t i = 0; i < kGroup; ++i) {
      if (is_half) {
        const auto row = std::span{widened}.subspan(i * to_size(dim), to_size(dim));
        half_to_float(as_halves(now[i], dim), row);
        floats[i] = row.data();
        fetched[i] = row.data();
      } else {
        floats[i] = as_floats(now[i]);
        fetched[i] = as_floats(next[i]);
      }
    }
    const std::size_t size = std::min(kGroup, rows.size() - begin);
    alignas(64) float sums[kGroup];
    if (size > kLanes) {
      sum_rows<Term, 2>(query.data(), dim, floats.data(), fetched.data(), sums);
    } else {
      sum_rows<Term, 1>(query.data(), dim, floats.data(), fetched.data(), sums);
    }
    std::copy(sums, sums + size, out + begin);
    now = next;
  }
}

}  // namespace

void squared_distances_on_target(std::span<const float> query, RowType type,
                                 std::span<const std::byte* const> rows, float* out) {
  sum_all_rows<SquaredDifference>(query, type, rows, out);
}

void inner_products_on_target(std::span<const float> query, RowType type,
                              std::span<const std::byte* const> rows, float* out) {
  sum_all_rows<Product>(query, type, rows, out);
}

void pack_panel_on_target(const PackJob& job) {
  const Floats d;
  for (int v = 0; v < kPanelVectors; ++v) {
    const float* const* rows = job.rows + v * kLanes;
    float* out = job.panel + v * kLanes;
    FloatVector square = hn::Zero(d);
    Count i = 0;
    for (; i + 4 <= job.dim; i += 4) {
      const FourDims values = load_transposed(rows, i);
      for (int j = 0; j < 4; ++j) {
        const FloatVector shifted = hn::Sub(values.dim[j], hn::Set(d, job.origin[i + j]));
        hn::Store(shifted, d, out + (i + j) * kPanelWidth);
        square = fused(shifted, shifted, square);
      }
    }
    for (; i < job.dim; ++i) {
      const FloatVector shifted = hn::Sub(load_one_dim(rows, i), hn::Set(d, job.origin[i]));
      hn::Store(shifted, d, out + i * kPanelWidth);
      square = fused(shifted, shifted, square);
    }
    hn::Store(hn::Mul(square, hn::Set(d, 0.5F)), d, job.half_norms + v * kLanes);
  }
}

}  // namespace kith::distance::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace kith::distance {

HWY_EXPORT(squared_distances_on_target);
HWY_EXPORT(inner_products_on_target);
HWY_EXPORT(pack_panel_on_target);

void squared_distances(std::span<const float> query, RowType type,
                       std::span<const std::byte* const> rows, std::span<float> out) {
  assert(out.size() == rows.size());
  choose_target_once();
  HWY_DYNAMIC_DISPATCH(squared_distances_on_target)(query, type, rows, out.data());
}

void inner_products(std::span<const float> query, RowType type,
                    std::span<const std::byte* const> rows, std::span<float> out) {
  assert(out.size() == rows.size());
  choose_target_once();
  HWY_DYNAMIC_DISPATCH(inner_products_on_target)(query, type, rows, out.data());
}

float squared_distance(std::span<const float> x, std::span<const float> y) {
  assert(x.size() == y.size());
  float sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const float difference = x[i] - y[i];
    sum = std::fma(difference, difference, sum);
  }
  return sum;
}

float inner_product(std::span<const float> x, std::span<const float> y) {
  assert(x.size() == y.size());
  float sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    sum = std::fma(x[i], y[i], sum);
  }
  return sum;
}

void load_rows(RowType type, const std::byte* rows, std::span<float> out) {
  if (type == RowType::f16) {
    half_to_float({static_cast<const std::uint16_t*>(static_cast<const void*>(rows)), out.size()},
                  out);
  } else {
    std::memcpy(out.data(), rows, out.size_bytes());
  }
}

std::span<const float> as_floats(RowType type, std::span<const std::byte> rows,
                                 std::vector<float>& scratch) {
  const std::size_t count = rows.size() / to_size(element_bytes(type));
  if (type == RowType::f32) {
    return {static_cast<const float*>(static_cast<const void*>(rows.data())), count};
  }
  scratch.resize(count);
  load_rows(type, rows.data(), scratch);
  return scratch;
}

void pack_panel(const PackJob& job) {
  choose_target_once();
  HWY_DYNAMIC_DISPATCH(pack_panel_on_target)(job);
}

}  // namespace kith::distance
#endif
