#include "search_state.hpp"

#include <algorithm>

#include "kith/comm/collectives.hpp"

namespace kith::knn {
namespace {

// Entries are stored as they are in memory.
constexpr Count kEntryBytes = sizeof(Entry);
static_assert(kEntryBytes == sizeof(Position) + 2 * sizeof(float));

void save_lists(const cells::Shard& shard, const RoundLists& lists, bool has_new,
                const std::string& name, comm::StateWriter& writer) {
  const Count first = shard.layout.nodes_of(shard.comm->rank()).begin.value();
  const Count num_nodes = shard.layout.num_nodes();
  const Count k = lists.lists.k;
  writer.write_rows(name + "/entries", std::as_bytes(std::span{lists.lists.entries}), first,
                    num_nodes, k * kEntryBytes);
  if (has_new) {
    writer.write_rows(name + "/is_new", std::as_bytes(std::span{lists.is_new}), first, num_nodes,
                      k);
  }
}

RoundLists load_lists(const cells::Shard& shard, int k, bool has_new, const std::string& name,
                      const comm::StateReader& reader) {
  const IdRange<Position> owned = shard.layout.nodes_of(shard.comm->rank());
  RoundLists lists{{k, std::vector<Entry>(to_size(owned.size() * k))}, {}};
  reader.read_rows(name + "/entries", std::as_writable_bytes(std::span{lists.lists.entries}),
                   owned.begin.value(), k * kEntryBytes);
  if (has_new) {
    lists.is_new.resize(to_size(owned.size() * k));
    reader.read_rows(name + "/is_new", std::as_writable_bytes(std::span{lists.is_new}),
                     owned.begin.value(), k);
  }
  return lists;
}

}  // namespace

void save(const cells::Shard& shard, const SearchState& state, comm::StateWriter& writer) {
  writer.write_counts("/place",
                      std::vector<Count>{state.refines ? 1 : 0, state.round, state.widened_nodes});
  writer.write_rows("/is_done", std::as_bytes(std::span{state.is_done}),
                    shard.layout.cells_of(shard.comm->rank()).begin.value(),
                    shard.layout.num_cells(), 1);
  save_lists(shard, state.now, state.refines, "/now", writer);
  if (state.refines) {
    save_lists(shard, state.next, true, "/next", writer);
  }
}

SearchState load(const cells::Shard& shard, int k, const comm::StateReader& reader) {
  const std::vector<Count> place = reader.read_counts("/place");
  SearchState state;
  state.refines = place.at(0) == 1;
  state.round = static_cast<int>(place.at(1));
  state.widened_nodes = place.at(2);
  const IdRange<CellId> cells = shard.layout.cells_of(shard.comm->rank());
  state.is_done.resize(to_size(cells.size()));
  reader.read_rows("/is_done", std::as_writable_bytes(std::span{state.is_done}),
                   cells.begin.value(), 1);
  state.now = load_lists(shard, k, state.refines, "/now", reader);
  if (state.refines) {
    state.next = load_lists(shard, k, true, "/next", reader);
  }
  return state;
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
