#include "kith/review/choose.hpp"

#include <algorithm>
#include <cmath>
#include <queue>
#include <tuple>
#include <unordered_map>

#include "kith/comm/collectives.hpp"
#include "kith/comm/select.hpp"
#include "kith/core/random.hpp"
#include "kith/layout/position_values.hpp"

namespace kith::review {
namespace {

/// What an answer leaves of its neighbors' worth.
constexpr float kLeft = 0.3F;

constexpr Count kCandidatesPerItem = 20;
constexpr Count kFewestCandidates = 2000;
constexpr Count kWider = 4;

/// A node with the key that the smallest are chosen by.
struct Keyed {
  std::size_t node = 0;
  float key = 0;
};

/// Collective. The `wanted` smallest of all ranks: those of this one.
std::vector<Keyed> smallest(const comm::Communicator& comm, const Askable& nodes,
                            std::span<const Keyed> keyed, Count wanted) {
  std::vector<comm::Candidate> candidates;
  candidates.reserve(keyed.size());
  for (const Keyed& entry : keyed) {
    candidates.push_back({entry.key, 0, nodes.rows[entry.node].value()});
  }
  const auto flags =
      comm::choose_smallest(comm, candidates, std::span<const Count>{&wanted, 1}, nodes.seed);
  std::vector<Keyed> chosen;
  for (std::size_t i = 0; i < keyed.size(); ++i) {
    if (flags[i] != 0) {
      chosen.push_back(keyed[i]);
    }
  }
  return chosen;
}

struct KeyedRow {
  float key = 0;
  Count row = 0;
  double inclusion = 0;
};

/// Collective. Those of all ranks by key, then row.
std::vector<Chosen> gather(const comm::Communicator& comm, std::span<const KeyedRow> mine) {
  std::vector<KeyedRow> all = comm::gather_to_all<KeyedRow>(comm, mine).items;
  std::sort(all.begin(), all.end(), [](const KeyedRow& a, const KeyedRow& b) {
    return std::tie(a.key, a.row) < std::tie(b.key, b.row);
  });
  std::vector<Chosen> chosen;
  chosen.reserve(all.size());
  for (const KeyedRow& entry : all) {
    chosen.push_back({GlobalId{entry.row}, entry.inclusion});
  }
  return chosen;
}

/// The worth of a node and of its neighbors.
float gain_of(float worth, std::span<const float> of_neighbors) {
  double sum = double{worth};
  for (const float neighbor : of_neighbors) {
    sum += double{neighbor};
  }
  return static_cast<float>(sum);
}

/// A node that may be chosen; its neighbors lie side by side with those of the others.
struct CoverCandidate {
  float gain = 0;
  float worth = 0;
  Count row = 0;
  Position position;
};

struct CoverProblem {
  std::vector<CoverCandidate> candidates;
  std::vector<Position> neighbors;  // candidates x k
  std::vector<float> neighbor_worth;
  std::size_t k = 0;
};

/// Greedy by lazy evaluation: gains only fall (M. Minoux 1978).
class Greedy {
 public:
  explicit Greedy(const CoverProblem& problem) : problem_{&problem} {
    for (std::size_t c = 0; c < problem.candidates.size(); ++c) {
      const CoverCandidate& candidate = problem.candidates[c];
      worth_[candidate.position.value()] = candidate.worth;
      for (std::size_t i = c * problem.k; i < (c + 1) * problem.k; ++i) {
        worth_[problem.neighbors[i].value()] = problem.neighbor_worth[i];
      }
      queue_.push({candidate.gain, -candidate.row, c});
    }
  }

  /// Takes the best `wanted`. False if one of less gain than `cutoff` was reached: what has not
  /// been looked at may be better.
  [[nodiscard]] bool run(Count wanted, float cutoff, std::vector<Chosen>& chosen) {
    while (count_of(chosen) < wanted && !queue_.empty()) {
      const Entry best = queue_.top();
      queue_.pop();
      const float now = gain(best.candidate);
      if (now < best.gain) {
        queue_.push({now, best.minus_row, best.candidate});
        continue;
      }
      if (now < cutoff) {
        return false;
      }
      take(best.candidate);
      chosen.push_back({GlobalId{problem_->candidates[best.candidate].row}, 0});
    }
    return count_of(chosen) == wanted || cutoff < 0;
  }

 private:
  struct Entry {
    float gain;
    Count minus_row;
    std::size_t candidate;
    auto operator<=>(const Entry&) const = default;
  };

  [[nodiscard]] float gain(std::size_t candidate) const {
    double sum = double{worth_.at(problem_->candidates[candidate].position.value())};
    for (std::size_t i = candidate * problem_->k; i < (candidate + 1) * problem_->k; ++i) {
      sum += double{worth_.at(problem_->neighbors[i].value())};
    }
    return static_cast<float>(sum);
  }

  void take(std::size_t candidate) {
    worth_[problem_->candidates[candidate].position.value()] = 0;
    for (std::size_t i = candidate * problem_->k; i < (candidate + 1) * problem_->k; ++i) {
      worth_[problem_->neighbors[i].value()] *= kLeft;
    }
  }

  const CoverProblem* problem_;
  std::unordered_map<Count, float> worth_;  // by position
  std::priority_queue<Entry> queue_;
};

/// Collective. Worth after the answers that there are.
std::vector<float> uncovered_worth(const comm::Communicator& comm, const Askable& nodes) {
  const auto k = to_size(nodes.k);
  std::vector<Position> told;
  std::vector<Rank> owners;
  for (std::size_t node = 0; node < nodes.rows.size(); ++node) {
    for (std::size_t i = node * k; nodes.is_known[node] != 0 && i < (node + 1) * k; ++i) {
      told.push_back(nodes.neighbors[i]);
      owners.push_back(layout::owner_of(nodes.first_of_rank, nodes.neighbors[i]));
    }
  }
  std::vector<float> worth(nodes.worth.begin(), nodes.worth.end());
  const Count begin = nodes.first_of_rank[to_size(comm.rank())].value();
  for (const Position position : comm::exchange_to<Position>(comm, told, owners).items) {
    worth[to_size(position.value() - begin)] *= kLeft;
  }
  return worth;
}

/// Collective. The candidates of the largest gains, from all ranks.
CoverProblem gather_candidates(const comm::Communicator& comm, const Askable& nodes,
                               std::span<const float> worth, std::span<const float> of_neighbors,
                               std::span<const Keyed> chosen) {
  const auto k = to_size(nodes.k);
  const Count begin = nodes.first_of_rank[to_size(comm.rank())].value();
  std::vector<CoverCandidate> mine;
  std::vector<Position> neighbors;
  std::vector<float> neighbor_worth;
  for (const Keyed& entry : chosen) {
    mine.push_back({-entry.key, worth[entry.node], nodes.rows[entry.node].value(),
                    Position{begin + static_cast<Count>(entry.node)}});
    const auto first = static_cast<std::ptrdiff_t>(entry.node * k);
    const auto last = first + static_cast<std::ptrdiff_t>(k);
    neighbors.insert(neighbors.end(), nodes.neighbors.begin() + first,
                     nodes.neighbors.begin() + last);
    neighbor_worth.insert(neighbor_worth.end(), of_neighbors.begin() + first,
                          of_neighbors.begin() + last);
  }
  return {comm::gather_to_all<CoverCandidate>(comm, mine).items,
          comm::gather_to_all<Position>(comm, neighbors).items,
          comm::gather_to_all<float>(comm, neighbor_worth).items, k};
}

}  // namespace

std::vector<Chosen> choose_largest(const comm::Communicator& comm, const Askable& nodes,
                                   Count wanted) {
  std::vector<Keyed> keyed;
  for (std::size_t node = 0; node < nodes.rows.size(); ++node) {
    if (nodes.worth[node] > 0) {
      keyed.push_back({node, -nodes.worth[node]});
    }
  }
  std::vector<KeyedRow> mine;
  for (const Keyed& entry : smallest(comm, nodes, keyed, wanted)) {
    mine.push_back({entry.key, nodes.rows[entry.node].value(), 0});
  }
  return gather(comm, mine);
}

std::vector<Chosen> choose_by_chance(const comm::Communicator& comm, const Askable& nodes,
                                     Count wanted) {
  std::vector<Keyed> keyed;
  std::vector<float> times;
  for (std::size_t node = 0; node < nodes.rows.size(); ++node) {
    if (nodes.worth[node] > 0) {
      const double uniform =
          random_uniform(nodes.seed, Purpose::review_sample, nodes.rows[node].value());
      times.push_back(static_cast<float>(-std::log1p(-uniform) / double{nodes.worth[node]}));
      keyed.push_back({node, times.back()});
    }
  }
  const bool all_are_asked = comm::sum_over_ranks(comm, count_of(times)) <= wanted;
  const double too_late =
      all_are_asked
          ? 0
          : double{comm::order_statistics(comm, times, std::span<const Count>{&wanted, 1}).front()};
  std::vector<KeyedRow> mine;
  for (const Keyed& entry : smallest(comm, nodes, keyed, wanted)) {
    const double chance = -std::expm1(-double{nodes.worth[entry.node]} * too_late);
    mine.push_back({entry.key, nodes.rows[entry.node].value(), all_are_asked ? 1.0 : chance});
  }
  return gather(comm, mine);
}

std::vector<Chosen> choose_covering(const comm::Communicator& comm, const Askable& nodes,
                                    Count wanted) {
  const std::vector<float> worth = uncovered_worth(comm, nodes);
  const std::vector<float> of_neighbors =
      layout::values_at<float>(comm, nodes.first_of_rank, worth, nodes.neighbors);
  const auto k = to_size(nodes.k);
  std::vector<Keyed> keyed;
  for (std::size_t node = 0; node < nodes.rows.size(); ++node) {
    if (nodes.worth[node] > 0) {
      const auto its_neighbors = std::span{of_neighbors}.subspan(node * k, k);
      keyed.push_back({node, -gain_of(worth[node], its_neighbors)});
    }
  }
  const Count total = comm::sum_over_ranks(comm, count_of(keyed));
  for (Count looked_at = std::max(kFewestCandidates, kCandidatesPerItem * wanted);;
       looked_at *= kWider) {
    const CoverProblem problem = gather_candidates(comm, nodes, worth, of_neighbors,
                                                   smallest(comm, nodes, keyed, looked_at));
    float cutoff = -1;  // all are looked at
    if (looked_at < total) {
      cutoff = std::min_element(
                   problem.candidates.begin(), problem.candidates.end(),
                   [](const CoverCandidate& a, const CoverCandidate& b) { return a.gain < b.gain; })
                   ->gain;
    }
    std::vector<Chosen> chosen;
    if (Greedy{problem}.run(wanted, cutoff, chosen)) {
      return chosen;
    }
  }
}

}  // namespace kith::review
