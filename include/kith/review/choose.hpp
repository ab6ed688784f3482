/// Which items people should be asked about: active learning on a graph that lies on many ranks.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kith/comm/communicator.hpp"
#include "kith/core/types.hpp"

namespace kith::review {

/// The nodes of this rank as a queue sees them.
struct Askable {
  std::span<const GlobalId> rows;       // of each node
  std::span<const float> worth;         // >= 0: how much an answer tells; 0 = not to be asked
  std::span<const Position> neighbors;  // nodes x k: who else an answer tells of; for cover()
  int k = 0;
  std::span<const std::uint8_t> is_known;   // has a label already; for cover()
  std::span<const Position> first_of_rank;  // first position of each rank's nodes, and the end
  std::uint64_t seed = 1;
};

/// An item of the queue, by its rank in it.
struct Chosen {
  GlobalId row;
  double inclusion = 0;  // the chance that it is asked; 0 = nothing was drawn
};

/// Collective. The `wanted` items of the largest worth, the largest first; equal worth is cut by a
/// hash. The same on every rank, for any number of ranks. Memory beside the nodes: the queue.
[[nodiscard]] std::vector<Chosen> choose_largest(const comm::Communicator& comm,
                                                 const Askable& nodes, Count wanted);

/// Collective. Draws `wanted` items with chances that grow with their worth: each waits an
/// exponential time of this rate, the first ones are asked (power sampling, A. Kirsch et al.,
/// "Stochastic batch acquisition", TMLR 2023, with beta = 1). inclusion: the chance of the item
/// given the first time that came too late, so that a mean over the corpus of what people say,
/// weighted by 1 / inclusion, has no bias (E. Cohen, H. Kaplan, PODC 2007, rank conditioning).
[[nodiscard]] std::vector<Chosen> choose_by_chance(const comm::Communicator& comm,
                                                   const Askable& nodes, Count wanted);

/// Collective. Takes, again and again, the item with the largest sum of its own worth and that of
/// its k neighbors, and then counts the neighbors for less, since its answer tells of them:
/// uncertainty (or without labels typicality) that is covered. As ProbCover (O. Yehuda et al.,
/// NeurIPS 2022), with the neighbors of the graph as balls, and with worth. Neighbors of known
/// items count for less from the start. Exactly the sequential greedy choice, for any number of
/// ranks; ties go to the smaller row, at the border of what is looked at to the smaller hash.
/// Memory: 20 candidates an item of the queue with their neighbors, on every rank.
[[nodiscard]] std::vector<Chosen> choose_covering(const comm::Communicator& comm,
                                                  const Askable& nodes, Count wanted);

}  // namespace kith::review
