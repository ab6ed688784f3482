#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "distance/scan.cpp"
#include "dispatch.hpp"
// Compiles the rest once for each instruction set.
#include <hwy/foreach_target.h>
// Must come after it.
#include <hwy/highway.h>

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <utility>

#include "lanes-inl.hpp"
#include "scan.hpp"
#include "survivors-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace kith::distance::HWY_NAMESPACE {
namespace {

// The register tile: as many accumulators as the register file holds beside the operands.
#if HWY_TARGET <= HWY_AVX3 && HWY_ARCH_X86
constexpr int kTileQueries = 12;  // x 2 panels: 24 of 32 registers
constexpr int kTilePanels = 2;
#else
constexpr int kTileQueries = 6;  // x 1 panel: 12 of 16 registers with AVX2, 24 of 32 with NEON
constexpr int kTilePanels = 1;
#endif
// Fewer queries leave registers for more panels.
constexpr int kNarrowTile = kTileQueries / 2;

/// Panels that stay in a core's second-level cache while all queries pass over them.
constexpr Count kGroupBytes = Count{256} * 1024;

/// Rows of a query tile are padded to blocks of four.
constexpr int tile_stride(int num_queries) {
  return (num_queries + 3) / 4 * 4;
}

/// Some queries against some consecutive panels.
struct TileJob {
  const Panels* items;
  const float* queries;         // [dim][tile_stride]
  const std::int32_t* numbers;  // of the queries in the block
  std::int32_t first_index;     // of the items
  Survivors* survivors;
};

/// Appends the items whose mask is set to the query's buffer.
template <int V>
HWY_NOINLINE void append(const TileJob& job, std::int32_t query, const FloatVector* scores,
                         std::int32_t index) {
  const Floats d;
  Survivors& survivors = *job.survivors;
  const FloatVector threshold = hn::Set(d, survivors.thresholds[to_size(query)]);
  const Count offset = Count{query} * survivors.capacity;
  float* out_scores = survivors.scores.data() + offset;
  std::int32_t* out_indices = survivors.indices.data() + offset;
  std::int32_t size = survivors.sizes[to_size(query)];
#if HWY_CAP_GE512
  const Ints di;
  for (int v = 0; v < V; ++v) {
    const FloatMask survives = hn::Le(scores[v], threshold);
    const IntVector indices = hn::Iota(di, index + v * kLanes);
    hn::StoreU(hn::Compress(scores[v], survives), d, out_scores + size);
    hn::StoreU(hn::Compress(indices, hn::RebindMask(di, survives)), di, out_indices + size);
    size += static_cast<std::int32_t>(hn::CountTrue(d, survives));
  }
#else  // compressing is slow here, and mostly one lane survives
  alignas(64) float values[to_size(V * kLanes)];
  std::uint64_t lanes = 0;
  for (int v = 0; v < V; ++v) {
    hn::Store(scores[v], d, values + v * kLanes);
    std::array<std::uint8_t, 8> bits{};
    hn::StoreMaskBits(d, hn::Le(scores[v], threshold), bits.data());
    lanes |= std::bit_cast<std::uint64_t>(bits) << (v * kLanes);
  }
  for (; lanes != 0; lanes &= lanes - 1) {
    const int lane = std::countr_zero(lanes);
    out_scores[size] = values[lane];
    out_indices[size] = index + lane;
    ++size;
  }
#endif
  survivors.sizes[to_size(query)] = size;
  if (size >= survivors.full) {
    tighten(survivors, query);
  }
}

/// R queries x P panels from `panel` on: dot products in registers, then the comparison with each
/// query's threshold.
template <int R, int P>
void scan_tile(const TileJob& job, Count panel) {
  constexpr int kVectors = P * kPanelVectors;
  constexpr int kStride = tile_stride(R);
  const Floats d;
  FloatVector dots[to_size(R)][to_size(kVectors)];
#pragma GCC unroll 12
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 16
    for (int v = 0; v < kVectors; ++v) {
      dots[r][v] = hn::Zero(d);
    }
  }
  const Count dim = job.items->dim();
  const float* HWY_RESTRICT items = job.items->panel(panel);
  const float* HWY_RESTRICT queries = job.queries;
  const Count panel_size = dim * kPanelWidth;
  for (Count i = 0; i < dim; ++i) {
    FloatVector values[to_size(kVectors)];
#pragma GCC unroll 16
    for (int v = 0; v < kVectors; ++v) {
      values[v] =
          hn::Load(d, items + (v / kPanelVectors) * panel_size + (v % kPanelVectors) * kLanes);
    }
#pragma GCC unroll 12
    for (int r = 0; r < R; ++r) {
      const FloatVector query = hn::Set(d, queries[r]);
#pragma GCC unroll 16
      for (int v = 0; v < kVectors; ++v) {
        dots[r][v] = fused(query, values[v], dots[r][v]);
      }
    }
    items += kPanelWidth;
    queries += kStride;
  }
  const float* half_norms = job.items->half_norms(panel);
  FloatVector norms[to_size(kVectors)];
#pragma GCC unroll 16
  for (int v = 0; v < kVectors; ++v) {
    norms[v] = hn::Load(d, half_norms + v * kLanes);
  }
  const std::int32_t index = job.first_index + static_cast<std::int32_t>(panel * kPanelWidth);
#pragma GCC unroll 12
  for (int r = 0; r < R; ++r) {
    const FloatVector threshold = hn::Set(d, job.survivors->thresholds[to_size(job.numbers[r])]);
    const FloatVector offset = hn::Set(d, job.survivors->offsets[to_size(r)]);
    FloatVector nearest = hn::Add(hn::Sub(norms[0], dots[r][0]), offset);
    dots[r][0] = nearest;
#pragma GCC unroll 16
    for (int v = 1; v < kVectors; ++v) {
      dots[r][v] = hn::Add(hn::Sub(norms[v], dots[r][v]), offset);
      nearest = hn::Min(nearest, dots[r][v]);
    }
    if (HWY_UNLIKELY(!hn::AllFalse(d, hn::Le(nearest, threshold)))) {
      append<kVectors>(job, job.numbers[r], dots[r], index);
    }
  }
}

/// R queries against the panels [begin, end).
template <int R>
void scan_panels(const TileJob& job, Count begin, Count end) {
  constexpr int kPanels = R > kNarrowTile ? kTilePanels : 2 * kTilePanels;
  Count panel = begin;
  for (; panel + kPanels <= end; panel += kPanels) {
    scan_tile<R, kPanels>(job, panel);
  }
  for (; panel < end; ++panel) {
    scan_tile<R, 1>(job, panel);
  }
}

using PanelScan = void (*)(const TileJob&, Count, Count);

template <int... R>
constexpr PanelScan choose_scan(int num_queries, std::integer_sequence<int, R...>) {
  constexpr PanelScan kScans[] = {&scan_panels<R + 1>...};
  return kScans[num_queries - 1];
}

/// Copies G x 4 rows, less the items' origin, to tile[dim][G * 4]; offsets: half the squared norm
/// of each.
template <int G>
void pack_rows(const Panels& items, const float* const* rows, float* tile, float* offsets) {
  constexpr Count kStride = 4 * G;
  const Count dim = items.dim();
  const float* origin = items.origin().data();
  Quad squares[to_size(4 * G)];
#pragma GCC unroll 12
  for (int q = 0; q < 4 * G; ++q) {
    squares[q] = zero_quad();
  }
  Count i = 0;
  for (; i + 4 <= dim; i += 4) {
#pragma GCC unroll 3
    for (int g = 0; g < G; ++g) {
      store_shifted(rows + 4 * g, origin, i, tile + i * kStride + 4 * g, kStride, squares + 4 * g);
    }
  }
  for (int g = 0; g < G; ++g) {
    store_sum(squares + 4 * g, offsets + 4 * g);
  }
  for (int row = 0; row < 4 * G; ++row) {
    for (Count rest = i; rest < dim; ++rest) {
      const float value = rows[row][rest] - origin[rest];
      tile[rest * kStride + row] = value;
      offsets[row] = std::fma(value, value, offsets[row]);
    }
    offsets[row] = items.nearness() == Nearness::l2 ? 0.5F * offsets[row] : 0.0F;
  }
}

/// Notes how far the queries of one tile are from the items' origin. Items around an origin farther
/// than sqrt(5) times both their own radius and the threshold are farther than the threshold.
void note_reaches(const ScanJob& job, std::span<const std::int32_t> numbers, Survivors& survivors) {
  constexpr float kFar = 5;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const float offset = survivors.offsets[i];
    const std::size_t query = to_size(numbers[i]);
    const float near = std::max(job.items->most_half_norm(), survivors.thresholds[query]);
    if (offset <= kFar * near) {
      survivors.reaches[query] = std::max(survivors.reaches[query], offset);
    }
  }
}

/// Packs the queries of one tile.
void pack_tile(const ScanJob& job, std::span<const std::int32_t> numbers, Survivors& survivors) {
  std::array<const float*, 12> rows;  // blocks of four are filled up with the last row
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i] = job.queries + numbers[std::min(i, numbers.size() - 1)] * job.items->dim();
  }
  float* tile = survivors.tile.data();
  float* offsets = survivors.offsets.data();
  if (numbers.size() <= 4) {
    pack_rows<1>(*job.items, rows.data(), tile, offsets);
  } else if (numbers.size() <= 8) {
    pack_rows<2>(*job.items, rows.data(), tile, offsets);
  } else {
    pack_rows<3>(*job.items, rows.data(), tile, offsets);
  }
}

void scan_job(const ScanJob& job, Survivors& survivors) {
  const Count panel_bytes =
      std::max<Count>(1, job.items->dim() * kPanelWidth * Count{sizeof(float)});
  const Count group = std::max<Count>(2 * kTilePanels, kGroupBytes / panel_bytes);
  const Count num_panels = job.items->num_panels();
  for (Count begin = 0; begin < num_panels; begin += group) {
    const Count end = std::min(num_panels, begin + group);
    for (std::size_t first = 0; first < job.query_numbers.size(); first += kTileQueries) {
      const auto numbers = job.query_numbers.subspan(
          first, std::min<std::size_t>(kTileQueries, job.query_numbers.size() - first));
      pack_tile(job, numbers, survivors);
      note_reaches(job, numbers, survivors);
      const TileJob tile{job.items, survivors.tile.data(), numbers.data(), job.first_index,
                         &survivors};
      choose_scan(static_cast<int>(numbers.size()),
                  std::make_integer_sequence<int, kTileQueries>{})(tile, begin, end);
    }
  }
}

}  // namespace

// What the dispatch tables name.
void scan_on_target(const ScanJob& job, Survivors& survivors) {
  scan_job(job, survivors);
}

void cut_on_target(Survivors& survivors) {
  for (std::int32_t query = 0; query < count_of(survivors.sizes); ++query) {
    if (survivors.sizes[to_size(query)] > survivors.k) {
      tighten(survivors, query);
    }
  }
}

}  // namespace kith::distance::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace kith::distance {

HWY_EXPORT(scan_on_target);
HWY_EXPORT(cut_on_target);

void Survivors::reset(Count num_queries, Count dim, int num_nearest) {
  constexpr std::int32_t kMostAppended = 4 * static_cast<std::int32_t>(kPanelWidth);
  constexpr Count kMostTileQueries = 12;
  k = num_nearest;
  full = k + 16 + k / 4;
  capacity = (full + kMostAppended + 15) / 16 * 16 + 16;
  thresholds.assign(to_size(num_queries), std::numeric_limits<float>::max());
  reaches.assign(to_size(num_queries), 0);
  sizes.assign(to_size(num_queries), 0);
  scores.resize(to_size(num_queries * capacity));
  indices.resize(to_size(num_queries * capacity));
  tile.resize(to_size(kMostTileQueries * dim));
  offsets.resize(to_size(kMostTileQueries));
}

void scan(const ScanJob& job, Survivors& survivors) {
  choose_target_once();
  HWY_DYNAMIC_DISPATCH(scan_on_target)(job, survivors);
}

void cut(Survivors& survivors) {
  choose_target_once();
  HWY_DYNAMIC_DISPATCH(cut_on_target)(survivors);
}

}  // namespace kith::distance
#endif
