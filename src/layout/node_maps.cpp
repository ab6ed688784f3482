#include "kith/layout/node_maps.hpp"

#include <algorithm>

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/core/error.hpp"

namespace kith::layout {
namespace {

struct RowPosition {
  GlobalId row;
  Position node;
};

struct Question {
  GlobalId row;             // the duplicate
  GlobalId representative;  // whose node is asked for
};

template <class T, class RowOf>
std::vector<Rank> block_owners(std::span<const T> entries, Count num_rows, int num_ranks,
                               RowOf&& row_of) {
  std::vector<Rank> owners;
  owners.reserve(entries.size());
  for (const T& entry : entries) {
    owners.push_back(corpus::owner_of(row_of(entry), num_rows, num_ranks));
  }
  return owners;
}

/// The node of each row of this rank's block; none for duplicates.
std::vector<Position> nodes_of_block(const cells::Shard& shard, Count num_rows) {
  const comm::Communicator& comm = *shard.comm;
  std::vector<RowPosition> mine;
  Position node = shard.layout.nodes_of(comm.rank()).begin;
  for (const GlobalId row : shard.rows) {
    mine.push_back({row, node});
    ++node;
  }
  const auto owners = block_owners<RowPosition>(mine, num_rows, comm.size(),
                                                [](const RowPosition& entry) { return entry.row; });
  const IdRange<GlobalId> block = corpus::rows_of(num_rows, comm.rank(), comm.size());
  std::vector<Position> nodes(to_size(block.size()));
  for (const RowPosition& entry : comm::exchange_to<RowPosition>(comm, mine, owners).items) {
    nodes[to_size(entry.row.value() - block.begin.value())] = entry.node;
  }
  return nodes;
}

}  // namespace

std::vector<ItemOfNode> items_of_nodes(const cells::Shard& shard,
                                       std::span<const corpus::DuplicateItem> duplicates,
                                       Count num_rows) {
  const comm::Communicator& comm = *shard.comm;
  const IdRange<Position> owned = shard.layout.nodes_of(comm.rank());
  std::vector<ItemOfNode> items;
  for (std::size_t i = 0; i < shard.rows.size(); ++i) {
    items.push_back({shard.rows[i], LocalId{static_cast<std::int32_t>(i)}});
  }
  if (comm::sum_over_ranks(comm, count_of(duplicates)) == 0) {
    return items;
  }
  // Who keeps the representative's row knows its node and passes the duplicate on to the node's
  // owner.
  const std::vector<Position> nodes = nodes_of_block(shard, num_rows);
  const IdRange<GlobalId> block = corpus::rows_of(num_rows, comm.rank(), comm.size());
  std::vector<Question> questions;
  for (const corpus::DuplicateItem& duplicate : duplicates) {
    questions.push_back({duplicate.row, duplicate.representative});
  }
  const auto keepers = block_owners<Question>(
      questions, num_rows, comm.size(), [](const Question& entry) { return entry.representative; });
  std::vector<RowPosition> found;
  std::vector<Rank> owners;
  for (const Question& question : comm::exchange_to<Question>(comm, questions, keepers).items) {
    const Position node = nodes[to_size(question.representative.value() - block.begin.value())];
    found.push_back({question.row, node});
    owners.push_back(shard.layout.owner(node));
  }
  for (const RowPosition& entry : comm::exchange_to<RowPosition>(comm, found, owners).items) {
    const Count local = entry.node.value() - owned.begin.value();
    items.push_back({entry.row, LocalId{static_cast<std::int32_t>(local)}});
  }
  return items;
}

std::vector<propagate::NodeSeed> seeds_on_nodes(const cells::Shard& shard,
                                                std::span<const ItemOfNode> items,
                                                std::span<const corpus::Seed> seeds) {
  struct Found {
    Count seed;
    Position node;
  };
  const comm::Communicator& comm = *shard.comm;
  comm::locally(comm, [&] {
    if (!std::is_sorted(seeds.begin(), seeds.end(),
                        [](const auto& a, const auto& b) { return a.row < b.row; })) {
      fail("seeds are looked up by row, but their rows are in another order");
    }
  });
  const IdRange<Position> owned = shard.layout.nodes_of(comm.rank());
  std::vector<Found> mine;
  for (const ItemOfNode& item : items) {
    auto seed =
        std::lower_bound(seeds.begin(), seeds.end(), item.row,
                         [](const corpus::Seed& entry, GlobalId row) { return entry.row < row; });
    for (; seed != seeds.end() && seed->row == item.row; ++seed) {
      mine.push_back({seed - seeds.begin(), Position{owned.begin.value() + item.node.value()}});
    }
  }
  std::vector<propagate::NodeSeed> placed(seeds.size());
  for (const Found& found : comm::gather_to_all<Found>(comm, mine).items) {
    const corpus::Seed& seed = seeds[to_size(found.seed)];
    placed[to_size(found.seed)] = {found.node, seed.label, seed.weight};
  }
  return placed;
}

std::vector<Position> partition_of(const cells::Shard& shard, int num_ranks) {
  std::vector<Position> first;
  for (int rank = 0; rank < num_ranks; ++rank) {
    first.push_back(shard.layout.nodes_of(Rank{rank}).begin);
  }
  first.emplace_back(shard.layout.num_nodes());
  return first;
}

}  // namespace kith::layout
