// Rates of the distance kernels on one core, against sgemm of the BLAS at hand. Arguments:
// dimensions.
#include <cblas.h>
#include <fmt/format.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <numeric>
#include <string>
#include <vector>

#include "kith/core/half.hpp"
#include "kith/core/random.hpp"
#include "kith/distance/direct.hpp"
#include "kith/distance/nearest.hpp"
#include "kith/distance/target.hpp"

namespace {

using kith::Count;
using kith::to_size;

std::vector<float> random_rows(Count num_rows, Count dim, std::uint64_t seed) {
  std::vector<float> rows(to_size(num_rows * dim));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i] = static_cast<float>(
        kith::random_uniform(seed, kith::Purpose::tie, static_cast<std::int64_t>(i)) - 0.5);
  }
  return rows;
}

/// Seconds of one call, the best of several over at least a fifth of a second.
template <class Work>
double best_seconds(Work&& work) {
  using Clock = std::chrono::steady_clock;
  double best = 1e30;
  double total = 0;
  while (total < 0.2) {
    const auto start = Clock::now();
    work();
    const double elapsed = std::chrono::duration<double>(Clock::now() - start).count();
    best = std::min(best, elapsed);
    total += elapsed;
  }
  return best;
}

/// One home cell's nodes against eight cells, as the kNN stage does it.
double scan_gflops(Count cell, Count dim, int k) {
  constexpr int kCells = 8;
  const auto queries = random_rows(cell, dim, 1);
  std::vector<kith::distance::Panels> panels(kCells);
  for (int i = 0; i < kCells; ++i) {
    panels[to_size(i)].pack(random_rows(cell, dim, static_cast<std::uint64_t>(2 + i)), dim);
  }
  std::vector<std::int32_t> numbers(to_size(cell));
  std::iota(numbers.begin(), numbers.end(), 0);
  std::vector<kith::distance::Neighbor> found(to_size(cell * k));
  kith::distance::Scanner scanner{dim, k};
  const double seconds = best_seconds([&] {
    scanner.start(queries);
    for (int i = 0; i < kCells; ++i) {
      scanner.scan(panels[to_size(i)], static_cast<std::int32_t>(i * cell), numbers);
    }
    scanner.finish(found);
  });
  return 2e-9 * static_cast<double>(cell * cell * kCells * dim) / seconds;
}

double sgemm_gflops(Count size, Count dim) {
  const auto x = random_rows(size, dim, 1);
  const auto y = random_rows(size, dim, 2);
  std::vector<float> products(to_size(size * size));
  const int n = static_cast<int>(size);
  const int d = static_cast<int>(dim);
  const double seconds = best_seconds([&] {
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, n, n, d, 1.0F, x.data(), d, y.data(), d,
                0.0F, products.data(), n);
  });
  return 2e-9 * static_cast<double>(size * size * dim) / seconds;
}

/// Millions of direct distances a second; `spread` rows in memory, 112 at a time.
double direct_rate(kith::distance::RowType type, Count spread, Count dim) {
  constexpr Count kBatch = 112;
  const auto query = random_rows(1, dim, 4);
  const auto floats = random_rows(spread, dim, 3);
  std::vector<std::uint16_t> halves(floats.size());
  kith::float_to_half(floats, halves);
  const auto rows = type == kith::distance::RowType::f16 ? std::as_bytes(std::span{halves})
                                                         : std::as_bytes(std::span{floats});
  std::vector<const std::byte*> pointers;
  for (Count i = 0; i < kBatch * 200; ++i) {
    const auto row = static_cast<Count>(kith::random_bits(5, kith::Purpose::tie, i) %
                                        static_cast<std::uint64_t>(spread));
    pointers.push_back(rows.data() + row * dim * kith::distance::element_bytes(type));
  }
  std::vector<float> out(kBatch);
  const double seconds = best_seconds([&] {
    for (Count i = 0; i < kith::count_of(pointers); i += kBatch) {
      kith::distance::squared_distances(query, type,
                                        std::span{pointers}.subspan(to_size(i), kBatch), out);
    }
  });
  return 1e-6 * static_cast<double>(pointers.size()) / seconds;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<Count> dims;
  for (int i = 1; i < argc; ++i) {
    dims.push_back(std::stol(argv[i]));
  }
  if (dims.empty()) {
    dims = {32, 128, 784, 1536};
  }
  using kith::distance::RowType;
  fmt::print(
      "target,dim,cell,k,scan_gflops,sgemm_gflops,direct_cached_mps,direct_memory_mps,"
      "half_cached_mps,half_memory_mps\n");
  for (const Count dim : dims) {
    for (const int k : {10, 32}) {
      const Count cached = 500;
      const Count in_memory = 100'000'000 / dim / 4;
      fmt::print("{},{},{},{},{:.1f},{:.1f},{:.1f},{:.1f},{:.1f},{:.1f}\n",
                 kith::distance::target_name(), dim, 512, k, scan_gflops(512, dim, k),
                 sgemm_gflops(2048, dim), direct_rate(RowType::f32, cached, dim),
                 direct_rate(RowType::f32, in_memory, dim), direct_rate(RowType::f16, cached, dim),
                 direct_rate(RowType::f16, in_memory, dim));
      std::fflush(stdout);
    }
  }
  return 0;
}
