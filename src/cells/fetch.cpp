#include <algorithm>
#include <numeric>

#include "kith/cells/cells.hpp"
#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/core/progress.hpp"

namespace kith::cells {
namespace {

constexpr Count kWaveBytes = Count{8} << 20;  // of vectors that a rank reads for one wave

/// A row and who waits for it.
struct Request {
  GlobalId row;
  Rank rank;
};

/// Collective. Which of this rank's rows are wanted, and by whom, in row order.
std::vector<Request> collect_requests(const Shard& shard, Count num_items) {
  const comm::Communicator& comm = *shard.comm;
  std::vector<Rank> owners;
  for (const GlobalId row : shard.rows) {
    owners.push_back(corpus::owner_of(row, num_items, comm.size()));
  }
  const auto received = comm::exchange_to<GlobalId>(comm, shard.rows, owners);
  std::vector<Request> requests;
  for (int rank = 0; rank < comm.size(); ++rank) {
    for (const GlobalId row : received.from(Rank{rank})) {
      requests.push_back({row, Rank{rank}});
    }
  }
  std::sort(requests.begin(), requests.end(),
            [](const Request& a, const Request& b) { return a.row < b.row; });
  return requests;
}

/// The vectors of one wave, packed by the rank that waits for them.
struct Packed {
  std::vector<GlobalId> rows;
  std::vector<float> vectors;
  std::vector<Count> row_counts;
  std::vector<Count> value_counts;
};

Packed pack_wave(std::span<const Request> requests, IdRange<GlobalId> rows,
                 corpus::RowReader& reader, Count dim, int num_ranks) {
  std::vector<float> read(to_size(rows.size() * dim));
  reader.read(rows, read);
  std::vector<Request> sorted(requests.begin(), requests.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Request& a, const Request& b) { return a.rank < b.rank; });
  Packed packed;
  packed.row_counts.assign(to_size(num_ranks), 0);
  packed.value_counts.assign(to_size(num_ranks), 0);
  for (const Request& request : sorted) {
    packed.rows.push_back(request.row);
    const auto first = read.begin() + (request.row.value() - rows.begin.value()) * dim;
    packed.vectors.insert(packed.vectors.end(), first, first + dim);
    ++packed.row_counts[to_size(request.rank)];
    packed.value_counts[to_size(request.rank)] += dim;
  }
  return packed;
}

}  // namespace

void fetch_vectors(const corpus::Corpus& corpus, corpus::RowReader& reader, Shard& shard) {
  const comm::Communicator& comm = *shard.comm;
  const Count dim = corpus.dim;
  const std::vector<Request> requests = collect_requests(shard, corpus.num_items);
  const IdRange<GlobalId> block = corpus::rows_of(corpus.num_items, comm.rank(), comm.size());
  std::vector<std::size_t> by_row(shard.rows.size());
  std::iota(by_row.begin(), by_row.end(), 0U);
  std::sort(by_row.begin(), by_row.end(),
            [&](std::size_t a, std::size_t b) { return shard.rows[a] < shard.rows[b]; });
  shard.vectors.resize(shard.rows.size() * to_size(dim));
  const Count step = std::max<Count>(1, kWaveBytes / (dim * static_cast<Count>(sizeof(float))));
  const Count waves = comm::max_over_ranks(comm, (block.size() + step - 1) / step);
  auto next = requests.begin();
  Progress progress{"move", block.size(), "items"};
  for (Count wave = 0; wave < waves; ++wave) {
    const Count first = std::min<Count>(block.begin.value() + wave * step, block.end.value());
    const Count last = std::min<Count>(first + step, block.end.value());
    const auto end = std::partition_point(
        next, requests.end(), [&](const Request& request) { return request.row.value() < last; });
    const Packed packed = comm::locally(comm, [&] {
      return pack_wave({next, end}, {GlobalId{first}, GlobalId{last}}, reader, dim, comm.size());
    });
    next = end;
    const auto rows = comm::exchange<GlobalId>(comm, packed.rows, packed.row_counts).items;
    const auto vectors = comm::exchange<float>(comm, packed.vectors, packed.value_counts).items;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto at = std::lower_bound(
          by_row.begin(), by_row.end(), rows[i],
          [&](std::size_t local, GlobalId row) { return shard.rows[local] < row; });
      std::copy_n(vectors.begin() + static_cast<Count>(i) * dim, dim,
                  shard.vectors.begin() + static_cast<Count>(*at) * dim);
    }
    progress.update(last - block.begin.value());
  }
}

}  // namespace kith::cells
