#include "faiss_baseline.hpp"

#include <algorithm>
#include <memory>
#include <vector>

#include <faiss/Index.h>
#include <faiss/MetricType.h>
#include <faiss/impl/FaissException.h>
#include <faiss/index_factory.h>

#include "kith/core/error.hpp"
#include "kith/core/parallel.hpp"

namespace kith::knn {
namespace {

/// FAISS numbers vectors in the order in which they are added: ghosts of lower ranks, owned nodes,
/// ghosts of higher ranks, the wave's own numbering.
std::unique_ptr<faiss::Index> build_index(const cells::Shard& shard, const Wave& wave,
                                          const std::string& factory) {
  const auto metric = shard.metric == corpus::Metric::inner_product ? faiss::METRIC_INNER_PRODUCT
                                                                    : faiss::METRIC_L2;
  std::unique_ptr<faiss::Index> index{
      faiss::index_factory(static_cast<int>(shard.dim), factory.c_str(), metric)};
  const Count num_owned = count_of(shard.vectors) / shard.dim;
  index->train(num_owned, shard.vectors.data());
  const Count num_lower = wave.first_owned();
  const Count num_upper = wave.num_ghosts() - num_lower;
  if (num_lower > 0) {
    index->add(num_lower, wave.vector(0));
  }
  index->add(num_owned, shard.vectors.data());
  if (num_upper > 0) {
    index->add(num_upper, wave.vector(static_cast<std::int32_t>(num_lower + num_owned)));
  }
  return index;
}

void search_rows(const cells::Shard& shard, const Wave& wave, const faiss::Index& index,
                 EntryLists& lists) {
  constexpr Count kRows = 65536;  // bounds the memory of one search
  const Count num_owned = count_of(shard.vectors) / shard.dim;
  const Count wanted = lists.k + 1;
  std::vector<float> distances(to_size(std::min(kRows, num_owned) * wanted));
  std::vector<faiss::Index::idx_t> found(distances.size());
  for (Count first = 0; first < num_owned; first += kRows) {
    const Count size = std::min(kRows, num_owned - first);
    index.search(size, shard.vectors.data() + first * shard.dim, wanted, distances.data(),
                 found.data());
    parallel_for(size, 256, [&](Count begin, Count end) {
      Candidates candidates;
      for (Count i = begin; i < end; ++i) {
        const auto self = static_cast<std::int32_t>(wave.first_owned() + first + i);
        candidates.clear();
        for (Count j = i * wanted; j < (i + 1) * wanted; ++j) {
          const auto node = static_cast<std::int32_t>(found[to_size(j)]);
          if (node >= 0 && node != self) {
            candidates.add(wave.position(node), wave.vector(node));
          }
        }
        candidates.rate(nearness_of(shard.metric), {wave.vector(self), to_size(shard.dim)});
        candidates.keep_nearest(lists.of(first + i));
      }
    });
  }
}

}  // namespace

void search_with_faiss(const cells::Shard& shard, const Wave& wave, const std::string& factory,
                       EntryLists& lists) {
  if (shard.vectors.empty()) {
    return;
  }
  try {
    const std::unique_ptr<faiss::Index> index = build_index(shard, wave, factory);
    search_rows(shard, wave, *index, lists);
  } catch (const faiss::FaissException& error) {
    fail("knn.method = faiss:{}: FAISS says: {}", factory, error.what());
  }
}

}  // namespace kith::knn
