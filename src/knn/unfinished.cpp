#include "unfinished.hpp"

#include <algorithm>

#include "kith/comm/collectives.hpp"

namespace kith::knn {
namespace {

// Entries are stored as they are in memory.
constexpr Count kEntryBytes = sizeof(Entry);
static_assert(kEntryBytes == sizeof(Position) + 2 * sizeof(float));

void save_lists(const cells::Shard& shard, const RoundLists& lists, const std::string& name,
                io::SnapshotWriter& writer) {
  const Count first = shard.layout.nodes_of(shard.comm->rank()).begin.value();
  const Count num_nodes = shard.layout.num_nodes();
  const auto bytes = std::as_bytes(std::span{lists.lists.entries});
  const std::span stored{reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
  writer.write_rows<std::uint8_t>(name + "/entries", stored, first,
                                  {num_nodes, lists.lists.k * kEntryBytes});
  if (comm::any_rank(*shard.comm, !lists.is_new.empty())) {
    writer.write_rows<std::uint8_t>(name + "/is_new", lists.is_new, first,
                                    {num_nodes, lists.lists.k});
  }
}

RoundLists load_lists(const cells::Shard& shard, int k, const std::string& name,
                      const io::SnapshotReader& reader) {
  const IdRange<Position> owned = shard.layout.nodes_of(shard.comm->rank());
  RoundLists lists{{k, std::vector<Entry>(to_size(owned.size() * k))}, {}};
  const auto bytes = std::as_writable_bytes(std::span{lists.lists.entries});
  reader.read_rows<std::uint8_t>(
      name + "/entries", owned.begin.value(),
      std::span{reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size()});
  if (reader.has(name + "/is_new")) {
    lists.is_new.resize(to_size(owned.size() * k));
    reader.read_rows<std::uint8_t>(name + "/is_new", owned.begin.value(), std::span{lists.is_new});
  }
  return lists;
}

}  // namespace

void save(const cells::Shard& shard, const Unfinished& unfinished, io::SnapshotWriter& writer) {
  writer.write_whole<Count>(
      "/place",
      std::vector<Count>{unfinished.refines ? 1 : 0, unfinished.round, unfinished.widened_nodes});
  writer.write_rows<std::uint8_t>("/is_done", unfinished.is_done,
                                  shard.layout.cells_of(shard.comm->rank()).begin.value(),
                                  {shard.layout.num_cells()});
  save_lists(shard, unfinished.now, "/now", writer);
  if (unfinished.refines) {
    save_lists(shard, unfinished.next, "/next", writer);
  }
}

Unfinished load(const cells::Shard& shard, int k, const io::SnapshotReader& reader) {
  const auto place = reader.read_whole<Count>("/place");
  Unfinished unfinished;
  unfinished.refines = place.at(0) == 1;
  unfinished.round = static_cast<int>(place.at(1));
  unfinished.widened_nodes = place.at(2);
  const IdRange<CellId> cells = shard.layout.cells_of(shard.comm->rank());
  unfinished.is_done.resize(to_size(cells.size()));
  reader.read_rows<std::uint8_t>("/is_done", cells.begin.value(), std::span{unfinished.is_done});
  unfinished.now = load_lists(shard, k, "/now", reader);
  if (unfinished.refines) {
    unfinished.next = load_lists(shard, k, "/next", reader);
  }
  return unfinished;
}

std::vector<IdRange<CellId>> trim_waves(const cells::Shard& shard,
                                        const std::vector<IdRange<CellId>>& waves,
                                        const std::vector<std::uint8_t>& is_done) {
  const IdRange<CellId> cells = shard.layout.cells_of(shard.comm->rank());
  const auto done = [&](std::int32_t cell) {
    return is_done[to_size(cell - cells.begin.value())] != 0;
  };
  std::vector<IdRange<CellId>> left;
  for (const IdRange<CellId>& wave : waves) {
    std::int32_t begin = wave.begin.value();
    std::int32_t end = wave.end.value();
    while (begin < end && done(begin)) {
      ++begin;
    }
    while (end > begin && done(end - 1)) {
      --end;
    }
    if (begin < end) {
      left.push_back({CellId{begin}, CellId{end}});
    }
  }
  left.resize(to_size(comm::max_over_ranks(*shard.comm, count_of(left))), {cells.end, cells.end});
  return left;
}

}  // namespace kith::knn
