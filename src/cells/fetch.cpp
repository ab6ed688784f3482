#include <algorithm>
#include <cstring>
#include <numeric>

#include "kith/cells/cells.hpp"
#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/comm/stop.hpp"
#include "kith/core/half.hpp"
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
  std::vector<std::byte> vectors;
  std::vector<Count> row_counts;
  std::vector<Count> byte_counts;
};

/// The smallest type that holds every value of the corpus as it is compared.
distance::RowType row_type_of(const corpus::Corpus& corpus) {
  const bool fits_half = corpus.type == io::ElementType::f16 ||
                         corpus.type == io::ElementType::u8 || corpus.type == io::ElementType::i8;
  return fits_half && corpus.metric != corpus::Metric::cosine ? distance::RowType::f16
                                                              : distance::RowType::f32;
}

/// Rows of the corpus as they will lie in memory.
std::vector<std::byte> read_as(distance::RowType type, IdRange<GlobalId> rows,
                               corpus::RowReader& reader, Count dim) {
  const std::size_t count = to_size(rows.size() * dim);
  std::vector<float> floats(count);
  reader.read(rows, floats);
  std::vector<std::byte> stored(count * to_size(distance::element_bytes(type)));
  if (type == distance::RowType::f16) {
    std::vector<std::uint16_t> halves(count);
    float_to_half(floats, halves);
    std::memcpy(stored.data(), halves.data(), stored.size());
  } else {
    std::memcpy(stored.data(), floats.data(), stored.size());
  }
  return stored;
}

Packed pack_wave(std::span<const Request> requests, std::span<const std::byte> read,
                 GlobalId first_row, Count row_bytes, int num_ranks) {
  std::vector<Request> sorted(requests.begin(), requests.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Request& a, const Request& b) { return a.rank < b.rank; });
  Packed packed;
  packed.row_counts.assign(to_size(num_ranks), 0);
  packed.byte_counts.assign(to_size(num_ranks), 0);
  for (const Request& request : sorted) {
    packed.rows.push_back(request.row);
    const Count offset = (request.row.value() - first_row.value()) * row_bytes;
    const auto row = read.subspan(to_size(offset), to_size(row_bytes));
    packed.vectors.insert(packed.vectors.end(), row.begin(), row.end());
    ++packed.row_counts[to_size(request.rank)];
    packed.byte_counts[to_size(request.rank)] += row_bytes;
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
  const distance::RowType type = row_type_of(corpus);
  shard.vectors = Vectors{comm, type, dim, count_of(shard.rows)};
  const Count row_bytes = shard.vectors.row_bytes();
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
      const auto read = read_as(type, {GlobalId{first}, GlobalId{last}}, reader, dim);
      return pack_wave({next, end}, read, GlobalId{first}, row_bytes, comm.size());
    });
    next = end;
    const auto rows = comm::exchange<GlobalId>(comm, packed.rows, packed.row_counts).items;
    const auto vectors = comm::exchange<std::byte>(comm, packed.vectors, packed.byte_counts).items;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto at = std::lower_bound(
          by_row.begin(), by_row.end(), rows[i],
          [&](std::size_t local, GlobalId row) { return shard.rows[local] < row; });
      std::memcpy(shard.vectors.bytes().data() + static_cast<Count>(*at) * row_bytes,
                  vectors.data() + static_cast<Count>(i) * row_bytes, to_size(row_bytes));
    }
    progress.update(last - block.begin.value());
    comm::stop_if_asked(comm);
  }
  shard.vectors.publish();
}

}  // namespace kith::cells
