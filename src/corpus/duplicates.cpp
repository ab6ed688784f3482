#include "corpus/duplicates.hpp"

#include <algorithm>
#include <limits>

#include "kith/comm/collectives.hpp"

namespace kith::corpus {
namespace {

constexpr Count kNoRow = std::numeric_limits<Count>::max();

struct KeyedRow {
  Hash128 key;
  GlobalId row;

  auto operator<=>(const KeyedRow&) const = default;
};

/// Collective. All rows whose key belongs to this rank, sorted by key, then row.
std::vector<KeyedRow> meet_by_key(const comm::Communicator& comm, Count num_items,
                                  std::span<const Hash128> keys) {
  const Count first = rows_of(num_items, comm.rank(), comm.size()).begin.value();
  std::vector<KeyedRow> items;
  std::vector<Rank> destination;
  items.reserve(keys.size());
  destination.reserve(keys.size());
  const auto num_ranks = static_cast<std::uint64_t>(comm.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    items.push_back({keys[i], GlobalId{first + static_cast<Count>(i)}});
    destination.emplace_back(static_cast<int>(keys[i].low % num_ranks));
  }
  auto met = comm::exchange_to<KeyedRow>(comm, items, destination).items;
  std::sort(met.begin(), met.end());
  return met;
}

/// Calls visit(group) for every run of two or more equal keys.
template <class Visit>
void for_each_group(std::span<const KeyedRow> sorted, Visit&& visit) {
  for (std::size_t first = 0; first < sorted.size();) {
    std::size_t last = first + 1;
    while (last < sorted.size() && sorted[last].key == sorted[first].key) {
      ++last;
    }
    if (last - first > 1) {
      visit(sorted.subspan(first, last - first));
    }
    first = last;
  }
}

}  // namespace

DuplicateGroups find_duplicates(const comm::Communicator& comm, Count num_items,
                                std::span<const Hash128> hashes) {
  DuplicateGroups groups;
  std::vector<DuplicateItem> found;
  std::vector<Rank> owners;
  Count largest_row = kNoRow;
  {
    const auto met = meet_by_key(comm, num_items, hashes);
    for_each_group(met, [&](std::span<const KeyedRow> group) {
      const GlobalId representative = group.front().row;
      ++groups.num_groups;
      groups.num_duplicates += count_of(group) - 1;
      if (count_of(group) > groups.largest_group ||
          (count_of(group) == groups.largest_group && representative.value() < largest_row)) {
        groups.largest_group = count_of(group);
        largest_row = representative.value();
      }
      for (const auto& item : group.subspan(1)) {
        found.push_back({item.row, representative});
        owners.push_back(owner_of(item.row, num_items, comm.size()));
      }
    });
  }
  groups.mine = comm::exchange_to<DuplicateItem>(comm, found, owners).items;
  std::sort(groups.mine.begin(), groups.mine.end(),
            [](const DuplicateItem& a, const DuplicateItem& b) { return a.row < b.row; });
  groups.num_groups = comm::sum_over_ranks(comm, groups.num_groups);
  groups.num_duplicates = comm::sum_over_ranks(comm, groups.num_duplicates);
  const Count largest = comm::max_over_ranks(comm, groups.largest_group);
  const Count row =
      comm::min_over_ranks(comm, groups.largest_group == largest ? largest_row : kNoRow);
  groups.largest_group = largest;
  groups.largest_group_row = row == kNoRow ? GlobalId{} : GlobalId{row};
  return groups;
}

IdClash find_id_clash(const comm::Communicator& comm, Count num_items,
                      std::span<const Hash128> ids) {
  const auto met = meet_by_key(comm, num_items, ids);
  IdClash clash;
  for_each_group(met, [&](std::span<const KeyedRow> group) {
    if (clash.later.is_none() || group[1].row < clash.later) {
      clash = {group[0].row, group[1].row};
    }
  });
  const Count mine = clash.later.is_none() ? kNoRow : clash.later.value();
  return mine == comm::min_over_ranks(comm, mine) && mine != kNoRow ? clash : IdClash{};
}

}  // namespace kith::corpus
