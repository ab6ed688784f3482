#include "faiss_baseline.hpp"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include <faiss/Index.h>
#include <faiss/MetricType.h>
#include <faiss/impl/FaissException.h>
#include <faiss/index_factory.h>

#include "kith/core/error.hpp"
#include "kith/core/parallel.hpp"

namespace kith::knn {

std::unique_ptr<faiss::Index> make_faiss_index(const std::string& factory, Count dim,
                                               corpus::Metric metric) {
  return std::unique_ptr<faiss::Index>{faiss::index_factory(
      static_cast<int>(dim), factory.c_str(),
      metric == corpus::Metric::inner_product ? faiss::METRIC_INNER_PRODUCT : faiss::METRIC_L2)};
}

namespace {

/// FAISS numbers vectors in the order in which they are added: ghosts of lower ranks, owned nodes,
/// ghosts of higher ranks, the wave's own numbering.
std::unique_ptr<faiss::Index> build_index(const cells::Shard& shard, const Wave& wave,
                                          const std::string& factory) {
  std::unique_ptr<faiss::Index> index = make_faiss_index(factory, shard.dim, shard.metric);
  const Count num_owned = shard.vectors.size();
  std::vector<float> scratch;
  index->train(num_owned, shard.vectors.floats(0, num_owned, scratch).data());
  bool has_owned = false;
  const auto add_owned = [&] {
    if (!std::exchange(has_owned, true)) {
      index->add(num_owned, shard.vectors.floats(0, num_owned, scratch).data());
    }
  };
  const IdRange<CellId> homes = shard.layout.cells_of(shard.comm->rank());
  for (std::int32_t slot = 0; slot < count_of(wave.cells()); ++slot) {
    const CellId cell = wave.cells()[to_size(slot)];
    if (cell >= homes.begin) {
      add_owned();
    }
    if (!homes.contains(cell) && wave.num_nodes(slot) > 0) {
      index->add(wave.num_nodes(slot), wave.floats(slot, scratch).data());
    }
  }
  add_owned();
  return index;
}

void search_rows(const cells::Shard& shard, const Wave& wave, const faiss::Index& index,
                 EntryLists& lists) {
  constexpr Count kRows = 65536;  // bounds the memory of one search
  const Count num_owned = shard.vectors.size();
  const Count wanted = lists.k + 1;
  std::vector<float> distances(to_size(std::min(kRows, num_owned) * wanted));
  std::vector<faiss::Index::idx_t> found(distances.size());
  for (Count first = 0; first < num_owned; first += kRows) {
    const Count size = std::min(kRows, num_owned - first);
    std::vector<float> scratch;
    const auto queries = shard.vectors.floats(first, size, scratch);
    index.search(size, queries.data(), wanted, distances.data(), found.data());
    parallel_for(size, 256, [&](Count begin, Count end) {
      Candidates candidates;
      for (Count i = begin; i < end; ++i) {
        const auto self = static_cast<std::int32_t>(wave.first_owned() + first + i);
        candidates.clear();
        for (Count j = i * wanted; j < (i + 1) * wanted; ++j) {
          const auto node = static_cast<std::int32_t>(found[to_size(j)]);
          if (node >= 0 && node != self) {
            candidates.add(wave.position(node), wave.row(node));
          }
        }
        candidates.rate(nearness_of(shard.metric), shard.vectors.type(),
                        queries.subspan(to_size(i * shard.dim), to_size(shard.dim)));
        candidates.keep_nearest(lists.of(first + i));
      }
    });
  }
}

}  // namespace

void search_with_faiss(const cells::Shard& shard, const Wave& wave, const std::string& factory,
                       EntryLists& lists) {
  if (shard.vectors.size() == 0) {
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
