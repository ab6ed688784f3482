/// Values of nodes that other ranks own, by position.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "kith/comm/collectives.hpp"
#include "kith/core/types.hpp"

namespace kith::layout {

/// Who owns the node at a position. first_of_rank: first position of each rank's nodes, and the
/// end.
[[nodiscard]] inline Rank owner_of(std::span<const Position> first_of_rank, Position position) {
  const auto end = std::upper_bound(first_of_rank.begin(), first_of_rank.end(), position);
  return Rank{static_cast<int>(end - first_of_rank.begin()) - 1};
}

/// Collective. The values at these positions, in their order. first_of_rank: first position of each
/// rank's nodes, and the end; owned: a value for each node of this rank. Each value crosses the
/// network once a rank.
template <class T>
[[nodiscard]] std::vector<T> values_at(const comm::Communicator& comm,
                                       std::span<const Position> first_of_rank,
                                       std::span<const T> owned,
                                       std::span<const Position> positions) {
  std::vector<Position> asked(positions.begin(), positions.end());
  std::sort(asked.begin(), asked.end());
  asked.erase(std::unique(asked.begin(), asked.end()), asked.end());
  std::vector<Count> counts(to_size(comm.size()), 0);
  for (const Position position : asked) {
    ++counts[to_size(owner_of(first_of_rank, position))];
  }
  const auto received = comm::exchange<Position>(comm, asked, counts);
  const Count begin = first_of_rank[to_size(comm.rank())].value();
  std::vector<T> answers;
  answers.reserve(received.items.size());
  std::vector<Count> answer_counts;
  for (int rank = 0; rank < comm.size(); ++rank) {
    answer_counts.push_back(count_of(received.from(Rank{rank})));
  }
  for (const Position position : received.items) {
    answers.push_back(owned[to_size(position.value() - begin)]);
  }
  // Positions ascend with ranks, so answers come back in the order of `asked`.
  const std::vector<T> values = comm::exchange<T>(comm, answers, answer_counts).items;
  std::vector<T> result;
  result.reserve(positions.size());
  for (const Position position : positions) {
    const auto at = std::lower_bound(asked.begin(), asked.end(), position) - asked.begin();
    result.push_back(values[static_cast<std::size_t>(at)]);
  }
  return result;
}

}  // namespace kith::layout
