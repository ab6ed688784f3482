#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "distance/products.cpp"
#include "dispatch.hpp"
// Compiles the rest once for each instruction set.
#include <hwy/foreach_target.h>
// Must come after it.
#include <hwy/highway.h>

#include <algorithm>
#include <cassert>
#include <utility>

#include "kith/distance/products.hpp"

#include "lanes-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace kith::distance::HWY_NAMESPACE {
namespace {

// As many accumulators as the register file holds beside the operands: see scan.cpp.
#if HWY_TARGET <= HWY_AVX3 && HWY_ARCH_X86
constexpr int kProductRows = 12;
#else
constexpr int kProductRows = 6;
#endif

/// Panels that stay in a core's second-level cache while all queries pass over them.
constexpr Count kProductGroupBytes = Count{256} * 1024;

/// The sums of one query with one panel; the last panel may have fewer items than lanes.
HWY_INLINE void store_products(const FloatVector* sums, Count num_items, float* out) {
  const Floats d;
  if (num_items >= kPanelWidth) {
    for (int v = 0; v < kPanelVectors; ++v) {
      hn::StoreU(sums[v], d, out + v * kLanes);
    }
    return;
  }
  alignas(64) float values[kPanelWidth];
  for (int v = 0; v < kPanelVectors; ++v) {
    hn::Store(sums[v], d, values + v * kLanes);
  }
  std::copy(values, values + num_items, out);
}

/// R queries, `dim` floats apart, with one panel.
template <int R>
void multiply_tile(const Panels& items, Count panel, const float* queries, float* out) {
  const Floats d;
  FloatVector sums[to_size(R)][to_size(kPanelVectors)];
#pragma GCC unroll 12
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 16
    for (int v = 0; v < kPanelVectors; ++v) {
      sums[r][v] = hn::Zero(d);
    }
  }
  const Count dim = items.dim();
  const float* HWY_RESTRICT values = items.panel(panel);
  for (Count i = 0; i < dim; ++i) {
    FloatVector lanes[to_size(kPanelVectors)];
#pragma GCC unroll 16
    for (int v = 0; v < kPanelVectors; ++v) {
      lanes[v] = hn::Load(d, values + i * kPanelWidth + v * kLanes);
    }
#pragma GCC unroll 12
    for (int r = 0; r < R; ++r) {
      const FloatVector query = hn::Set(d, queries[r * dim + i]);
#pragma GCC unroll 16
      for (int v = 0; v < kPanelVectors; ++v) {
        sums[r][v] = fused(query, lanes[v], sums[r][v]);
      }
    }
  }
  const Count first = panel * kPanelWidth;
#pragma GCC unroll 12
  for (int r = 0; r < R; ++r) {
    store_products(sums[r], items.num_items() - first, out + r * items.num_items() + first);
  }
}

using Multiply = void (*)(const Panels&, Count, const float*, float*);

template <int... R>
constexpr Multiply choose_multiply(Count num_queries, std::integer_sequence<int, R...> /*rows*/) {
  constexpr Multiply kMultiply[] = {&multiply_tile<R + 1>...};
  return kMultiply[num_queries - 1];
}

}  // namespace

void inner_products_on_panels(const Panels& items, const float* queries, Count num_queries,
                              float* out) {
  const Count dim = items.dim();
  const Count panel_bytes = std::max<Count>(1, dim * kPanelWidth * Count{sizeof(float)});
  const Count group = std::max<Count>(1, kProductGroupBytes / panel_bytes);
  for (Count begin = 0; begin < items.num_panels(); begin += group) {
    const Count end = std::min(items.num_panels(), begin + group);
    for (Count query = 0; query < num_queries; query += kProductRows) {
      const Count size = std::min<Count>(kProductRows, num_queries - query);
      const Multiply multiply =
          choose_multiply(size, std::make_integer_sequence<int, kProductRows>{});
      for (Count panel = begin; panel < end; ++panel) {
        multiply(items, panel, queries + query * dim, out + query * items.num_items());
      }
    }
  }
}

}  // namespace kith::distance::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace kith::distance {

HWY_EXPORT(inner_products_on_panels);

void inner_products(const Panels& items, std::span<const float> queries, std::span<float> out) {
  const Count num_queries = items.dim() > 0 ? count_of(queries) / items.dim() : 0;
  assert(items.nearness() == Nearness::inner_product || items.num_items() == 0);
  assert(count_of(out) == num_queries * items.num_items());
  choose_target_once();
  HWY_DYNAMIC_DISPATCH(inner_products_on_panels)(items, queries.data(), num_queries, out.data());
}

}  // namespace kith::distance
#endif
