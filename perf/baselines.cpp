#include "baselines.hpp"

#include <hnswlib/hnswlib.h>

#include <chrono>
#include <cstdio>
#include <memory>

#include <faiss/AutoTune.h>
#include <faiss/Index.h>
#include <faiss/index_factory.h>

#include "kith/core/error.hpp"
#include "kith/core/parallel.hpp"

namespace kith::perf {
namespace {

double now_s() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// Drops the row itself from the k + 1 found.
void keep_others(Count row, std::span<const std::int64_t> found, std::span<std::int64_t> out) {
  std::size_t size = 0;
  for (const std::int64_t neighbor : found) {
    if (neighbor != row && size < out.size()) {
      out[size++] = neighbor;
    }
  }
}

BaselineResult run_faiss(const std::string& settings, std::span<const float> rows, Count dim,
                         int k) {
  const std::size_t colon = settings.find(':');
  const Count num_rows = count_of(rows) / dim;
  BaselineResult result;
  double start = now_s();
  const std::unique_ptr<faiss::Index> index{
      faiss::index_factory(static_cast<int>(dim), settings.substr(0, colon).c_str())};
  index->train(num_rows, rows.data());
  index->add(num_rows, rows.data());
  if (colon != std::string::npos) {
    faiss::ParameterSpace{}.set_index_parameters(index.get(), settings.substr(colon + 1).c_str());
  }
  result.build_s = now_s() - start;
  start = now_s();
  const Count wanted = k + 1;
  std::vector<float> distances(to_size(num_rows * wanted));
  std::vector<faiss::Index::idx_t> found(distances.size());
  index->search(num_rows, rows.data(), wanted, distances.data(), found.data());
  result.search_s = now_s() - start;
  result.neighbors.assign(to_size(num_rows * k), -1);
  for (Count row = 0; row < num_rows; ++row) {
    keep_others(row, std::span{found}.subspan(to_size(row * wanted), to_size(wanted)),
                std::span{result.neighbors}.subspan(to_size(row * k), to_size(k)));
  }
  return result;
}

BaselineResult run_hnswlib(const std::string& settings, std::span<const float> rows, Count dim,
                           int k) {
  std::size_t links = 0;
  std::size_t construction = 0;
  std::size_t search = 0;
  // NOLINTNEXTLINE(cert-err34-c): the number of values is checked
  if (std::sscanf(settings.c_str(), "%zu,%zu,%zu", &links, &construction, &search) != 3) {
    fail("hnswlib:{}: must be hnswlib:M,efConstruction,ef", settings);
  }
  const Count num_rows = count_of(rows) / dim;
  BaselineResult result;
  double start = now_s();
  hnswlib::L2Space space{to_size(dim)};
  hnswlib::HierarchicalNSW<float> index{&space, to_size(num_rows), links, construction};
  const auto vector = [&](Count row) { return rows.data() + row * dim; };
  index.addPoint(vector(0), 0);
  parallel_for(num_rows - 1, 64, [&](Count begin, Count end) {
    for (Count row = begin + 1; row < end + 1; ++row) {
      index.addPoint(vector(row), to_size(row));
    }
  });
  index.setEf(search);
  result.build_s = now_s() - start;
  start = now_s();
  result.neighbors.assign(to_size(num_rows * k), -1);
  parallel_for(num_rows, 64, [&](Count begin, Count end) {
    std::vector<std::int64_t> found;
    for (Count row = begin; row < end; ++row) {
      auto queue = index.searchKnn(vector(row), to_size(k + 1));
      found.assign(queue.size(), -1);
      for (; !queue.empty(); queue.pop()) {
        found[queue.size() - 1] = static_cast<std::int64_t>(queue.top().second);
      }
      keep_others(row, found, std::span{result.neighbors}.subspan(to_size(row * k), to_size(k)));
    }
  });
  result.search_s = now_s() - start;
  return result;
}

}  // namespace

BaselineResult run_baseline(const std::string& settings, std::span<const float> rows, Count dim,
                            int k) {
  const std::size_t colon = settings.find(':');
  const std::string program = settings.substr(0, colon);
  const std::string rest = colon == std::string::npos ? "" : settings.substr(colon + 1);
  if (program == "faiss") {
    return run_faiss(rest, rows, dim, k);
  }
  if (program == "hnswlib") {
    return run_hnswlib(rest, rows, dim, k);
  }
  fail("--run {}: must be kith:..., faiss:... or hnswlib:...", settings);
}

}  // namespace kith::perf
