#include "corpus/seed_conflicts.hpp"

#include <algorithm>
#include <set>
#include <tuple>

#include "kith/comm/collectives.hpp"

namespace kith::corpus {
namespace {

/// A seed's row and label, and the row that stands for its vector.
struct GroupedSeed {
  GlobalId representative;
  GivenLabel given;
};

/// The first seed of each row: a soft seed's heaviest label. visit(seed).
template <class Visit>
void for_each_row(std::span<const Seed> seeds, Visit&& visit) {
  for (std::size_t i = 0; i < seeds.size(); ++i) {
    if (i == 0 || seeds[i].row != seeds[i - 1].row) {
      visit(seeds[i]);
    }
  }
}

/// Collective. Seeds that repeat the vector of an earlier row, whether that row is a seed or not.
std::vector<GroupedSeed> repeated_seeds(const comm::Communicator& comm,
                                        std::span<const DuplicateItem> duplicates,
                                        std::span<const Seed> seeds) {
  std::vector<GroupedSeed> mine;
  for_each_row(seeds, [&](const Seed& seed) {
    const auto found =
        std::lower_bound(duplicates.begin(), duplicates.end(), seed.row,
                         [](const DuplicateItem& item, GlobalId row) { return item.row < row; });
    if (found != duplicates.end() && found->row == seed.row) {
      mine.push_back({found->representative, {seed.row, seed.label}});
    }
  });
  return comm::gather_to_all<GroupedSeed>(comm, mine).items;
}

}  // namespace

std::vector<SeedConflict> find_seed_conflicts(const comm::Communicator& comm,
                                              std::span<const DuplicateItem> duplicates,
                                              std::span<const Seed> seeds) {
  std::vector<GroupedSeed> grouped = repeated_seeds(comm, duplicates, seeds);
  std::set<GlobalId> representatives;
  for (const GroupedSeed& seed : grouped) {
    representatives.insert(seed.representative);
  }
  for_each_row(seeds, [&](const Seed& seed) {
    if (representatives.contains(seed.row)) {
      grouped.push_back({seed.row, {seed.row, seed.label}});
    }
  });
  std::sort(grouped.begin(), grouped.end(), [](const GroupedSeed& a, const GroupedSeed& b) {
    return std::tie(a.representative, a.given.row) < std::tie(b.representative, b.given.row);
  });
  std::vector<SeedConflict> conflicts;
  for (auto first = grouped.begin(); first != grouped.end();) {
    const auto last = std::find_if(first, grouped.end(), [&](const GroupedSeed& seed) {
      return seed.representative != first->representative;
    });
    if (std::any_of(first, last, [&](const GroupedSeed& seed) {
          return seed.given.label != first->given.label;
        })) {
      SeedConflict& conflict = conflicts.emplace_back();
      std::for_each(first, last,
                    [&](const GroupedSeed& seed) { conflict.given.push_back(seed.given); });
    }
    first = last;
  }
  return conflicts;
}

}  // namespace kith::corpus
