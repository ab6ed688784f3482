/// Corpora with blobs, and shards of them.
#pragma once

#include <vector>

#include "kith/cells/cells.hpp"
#include "kith/cells/probes.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/core/random.hpp"
#include "kith/corpus/census.hpp"
#include "kith/io/output_file.hpp"

#include "support/mpi_world.hpp"
#include "support/temporary_directory.hpp"

namespace kith::cells::test {

inline constexpr Count kDim = 6;
inline constexpr int kProbes = 4;

/// A corpus file with vectors made row by row.
class Made {
 public:
  template <class MakeValue>
  Made(Count rows, MakeValue&& make) : directory_{kith::test::world()} {
    for (Count row = 0; row < rows; ++row) {
      for (Count i = 0; i < kDim; ++i) {
        values_.push_back(make(row, i));
      }
    }
    auto file = io::OutputFile::create(kith::test::world(), directory_ / "made.h5");
    file.write_whole<float>("embeddings", values_, {rows, kDim});
    file.write_whole<std::int32_t>("labels", std::vector<std::int32_t>(to_size(rows), 0), {rows});
    file.commit();
    config_.files = {directory_ / "made.h5"};
    config_.labels = "labels";
  }

  /// Collective over `comm`. A shard with its duplicates taken out first.
  BuiltShard build(const comm::Communicator& comm, const CellConfig& config) const {
    const corpus::Corpus corpus = corpus::describe(comm, config_);
    corpus::RowReader reader{corpus};
    const auto seeds = corpus::read_seeds(comm, corpus, config_);
    const auto census = corpus::take_census(comm, corpus, config_, reader, seeds);
    BuiltShard built = build_shard(comm, corpus, reader, census.duplicates, config);
    find_probes(built.shard, kProbes);
    return built;
  }
  /// Collective. Vectors of a shard whose rows are known.
  void fetch(Shard& shard) const {
    const corpus::Corpus corpus = corpus::describe(*shard.comm, config_);
    corpus::RowReader reader{corpus};
    fetch_vectors(corpus, reader, shard);
  }
  [[nodiscard]] std::span<const float> vector(GlobalId row) const {
    return std::span{values_}.subspan(to_size(row.value() * kDim), to_size(kDim));
  }
  [[nodiscard]] std::string path(const std::string& name) const { return directory_ / name; }

 private:
  kith::test::TemporaryDirectory directory_;
  std::vector<float> values_;
  corpus::CorpusConfig config_;
};

/// Five blobs; every tenth item repeats the item before it.
inline Made make_blobs(Count rows) {
  return Made{rows, [](Count row, Count i) {
                const Count source = row % 10 == 9 ? row - 1 : row;
                const double noise = random_uniform(3, Purpose::tie, source, to_size(i));
                return static_cast<float>(10.0 * static_cast<double>(source % 5) + noise);
              }};
}

/// What all ranks' shards are together.
struct Whole {
  std::vector<GlobalId> rows;
  std::vector<CellId> probes;
  std::vector<float> vectors;
  bool operator==(const Whole&) const = default;
};

inline Whole gather(const comm::Communicator& comm, const Shard& shard) {
  return {comm::gather_to_all<GlobalId>(comm, shard.rows).items,
          comm::gather_to_all<CellId>(comm, shard.probes).items,
          comm::gather_to_all<float>(comm, shard.vectors.copy()).items};
}

inline CellConfig few_cells(Count num_cells) {
  CellConfig config;
  config.num_cells = num_cells;
  return config;
}

/// The nearer to zero, the denser, without end: k-means cuts where items are far apart.
inline Made make_dense_at_zero() {
  return Made{
      4000, [](Count row, Count i) {
        const double scale = std::pow(10.0, -6 * random_uniform(6, Purpose::tie, row));
        return static_cast<float>(scale * (random_uniform(5, Purpose::tie, row, to_size(i)) - 0.5));
      }};
}

}  // namespace kith::cells::test
