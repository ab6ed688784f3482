/// What searches of a sample of nodes with some numbers of probes find and cost.
#pragma once

#include <algorithm>
#include <array>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "kith/cells/probes.hpp"
#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/core/memory.hpp"
#include "kith/core/parallel.hpp"
#include "kith/core/random.hpp"
#include "kith/knn/pilot.hpp"

#include "entry.hpp"
#include "exact.hpp"

namespace kith::knn {

/// A distance of refine, one row at a time from memory, in distances of the scan (measured with
/// perf/knn_perf at 128 dimensions).
inline constexpr double kRefineCost = 26;
/// One entry that refine looks at in a list, in dimensions of a distance of the scan (likewise).
inline constexpr double kLookCost = 512;
/// Lists of reverse neighbors that refine looks through at most.
inline constexpr double kReverseLists = 16;
/// Refine looks at lists of neighbors and of reverse neighbors; only the first are counted here.
inline constexpr double kReverseShare = 2;

/// Nodes of all ranks in position order, the same on every rank, with their lists.
struct PilotLists {
  std::vector<Position> nodes;
  int k = 0;
  std::vector<Entry> entries;  // nodes x k

  [[nodiscard]] std::span<const Entry> of(Position node) const {
    const auto at = std::lower_bound(nodes.begin(), nodes.end(), node) - nodes.begin();
    return std::span{entries}.subspan(to_size(at * k), to_size(k));
  }
};

inline bool holds(std::span<const Entry> list, Position node) {
  return std::any_of(list.begin(), list.end(),
                     [node](const Entry& entry) { return entry.position == node; });
}

/// What a number of probes would do to the sample.
struct Trial {
  double scan_recall = 0;
  double scan_error = 0;  // standard error of scan_recall over nodes
  double recall = 0;      // after one refine round
  double error = 0;       // of `recall`
  double scan_cost = 0;   // distances a node
  double round_cost = 0;  // of the new distances of the first refine round, in those of the scan
  double look_cost = 0;   // of looking for them, in every round
};

/// What is counted over the sample.
enum Counted : std::size_t { scan_hits, scan_squares, hits, squares, distances, candidates };
using Sums = std::array<Count, 6>;

class Pilot {
 public:
  Pilot(const cells::Shard& shard, int k, const EffortConfig& config, int most_probes)
      : shard_{shard},
        comm_{*shard.comm},
        k_{k},
        owned_{shard.layout.nodes_of(shard.comm->rank())},
        finder_{comm::locally(comm_,
                              [&] {
                                return cells::ProbeFinder{shard, most_probes};
                              })},
        owned_search_{shard, kept_bytes(config)},
        truth_{find_truth(config)} {
    comm::locally(comm_, [&] { probe_home_cells(most_probes); });
  }

  [[nodiscard]] Count num_samples() const { return count_of(truth_.nodes); }

  /// Collective.
  const Trial& at(int probes) {
    const auto found = trials_.find(probes);
    return found != trials_.end() ? found->second : trials_[probes] = attempt(probes);
  }

 private:
  /// Collective. The sample and its exact lists.
  PilotLists find_truth(const EffortConfig& config) {
    const double chance =
        static_cast<double>(config.num_samples) / static_cast<double>(shard_.layout.num_nodes());
    std::vector<std::int32_t> rows;
    for (std::size_t row = 0; row < shard_.rows.size(); ++row) {
      if (random_uniform(config.seed, Purpose::pilot_sample, shard_.rows[row].value()) < chance) {
        rows.push_back(static_cast<std::int32_t>(row));
      }
    }
    std::vector<Position> positions;
    for (const std::int32_t row : rows) {
      positions.emplace_back(owned_.begin.value() + row);
    }
    const EntryLists exact = search_exactly(owned_search_, shard_, rows, k_);
    return {comm::gather_to_all<Position>(comm_, positions).items, k_,
            comm::gather_to_all<Entry>(comm_, exact.entries).items};
  }

  /// Of an owned node.
  [[nodiscard]] std::vector<CellId> probes_of(Position node, int probes) const {
    return finder_.find(shard_.layout.cell_at(node), node.value() - owned_.begin.value(), 1,
                        probes);
  }

  /// Collective. The lists that the scan of so many probes would give `nodes`.
  [[nodiscard]] PilotLists search(std::vector<Position> nodes, int probes) {
    std::vector<float> vectors;
    std::vector<float> scratch;
    std::vector<CellId> cells;
    std::vector<Count> entries_of_rank(to_size(comm_.size()), 0);
    for (const Position node : nodes) {
      entries_of_rank[to_size(shard_.layout.owner(node))] += k_;
      if (owned_.contains(node)) {
        const auto vector = shard_.vectors.floats(node.value() - owned_.begin.value(), 1, scratch);
        vectors.insert(vectors.end(), vector.begin(), vector.end());
        const auto of_node = probes_of(node, probes);
        cells.insert(cells.end(), of_node.begin(), of_node.end());
      }
    }
    // Ranks own ascending positions: what they give in turn is in the order of nodes.
    const std::vector<float> all_vectors = comm::gather_to_all<float>(comm_, vectors).items;
    const std::vector<CellId> all_cells = comm::gather_to_all<CellId>(comm_, cells).items;
    const std::vector<Entry> found = comm::locally(comm_, [&] {
      return owned_search_.search({nodes, all_vectors, all_cells, probes}, k_);
    });
    std::vector<Entry> merged(to_size(entries_of_rank[to_size(comm_.rank())]));
    merge_lists(comm::exchange<Entry>(comm_, found, entries_of_rank), comm_.size(), k_, merged);
    return {std::move(nodes), k_, comm::gather_to_all<Entry>(comm_, merged).items};
  }

  /// Collective.
  Trial attempt(int probes) {
    const PilotLists scanned = search(truth_.nodes, probes);
    std::set<Position> near(truth_.nodes.begin(), truth_.nodes.end());
    for (const PilotLists* lists : {&std::as_const(truth_), &scanned}) {
      for (const Entry& entry : lists->entries) {
        if (!entry.position.is_none()) {
          near.insert(entry.position);
        }
      }
    }
    const PilotLists around = search({near.begin(), near.end()}, probes);
    Sums sums{};
    comm::locally(comm_, [&] {
      for (const Position node : truth_.nodes) {
        if (owned_.contains(node)) {
          add(node, probes_of(node, probes), neighborhood(shard_.layout.cell_at(node), probes),
              around, sums);
        }
      }
    });
    comm::sum_over_ranks(comm_, std::span<Count>{sums});
    const double nodes = std::max(1.0, static_cast<double>(num_samples()));
    const auto mean = [&](std::size_t i) { return static_cast<double>(sums[i]) / nodes; };
    const auto error = [&](std::size_t hits, std::size_t squares) {
      const double variance = std::max(0.0, mean(squares) - mean(hits) * mean(hits));
      return std::sqrt(variance / nodes) / k_;
    };
    return {mean(scan_hits) / k_,
            error(scan_hits, scan_squares),
            mean(hits) / k_,
            error(hits, squares),
            mean(distances),
            mean(candidates) * kReverseShare * kRefineCost,
            k_ * (k_ + kReverseLists) * kLookCost / static_cast<double>(shard_.dim)};
  }

  /// Counts one owned node of the sample.
  void add(Position node, std::span<const CellId> probed, std::span<const CellId> hood,
           const PilotLists& around, Sums& sums) const {
    const auto scans = [&](CellId cell) {
      return std::find(probed.begin(), probed.end(), cell) != probed.end();
    };
    for (const CellId cell : probed) {
      sums[distances] += cell.is_none() ? 0 : shard_.layout.nodes_of(cell).size();
    }
    const auto list = around.of(node);
    Count num_scanned = 0;
    Count num_found = 0;
    for (const Entry& entry : truth_.of(node)) {
      const bool is_scanned = holds(list, entry.position);
      const CellId cell = shard_.layout.cell_at(entry.position);
      const bool may_refine = !scans(cell) && std::binary_search(hood.begin(), hood.end(), cell) &&
                              is_linked(node, entry.position, around);
      num_scanned += is_scanned ? 1 : 0;
      num_found += is_scanned || may_refine ? 1 : 0;
    }
    std::set<Position> compared;
    for (const Entry& through : list) {
      for (const Entry& end : ends(through, around)) {
        const CellId cell = shard_.layout.cell_at(end.position);
        if (!scans(cell) && std::binary_search(hood.begin(), hood.end(), cell)) {
          compared.insert(end.position);
        }
      }
    }
    sums[scan_hits] += num_scanned;
    sums[scan_squares] += num_scanned * num_scanned;
    sums[hits] += num_found;
    sums[squares] += num_found * num_found;
    sums[candidates] += count_of(compared);
  }

  static std::span<const Entry> ends(const Entry& through, const PilotLists& around) {
    const auto list =
        through.position.is_none() ? std::span<const Entry>{} : around.of(through.position);
    const auto end = std::find_if(list.begin(), list.end(),
                                  [](const Entry& entry) { return entry.position.is_none(); });
    return list.first(to_size(end - list.begin()));
  }

  /// Whether one refine round would compare them: one lists the other, or both know one node.
  bool is_linked(Position node, Position other, const PilotLists& around) const {
    if (holds(around.of(other), node)) {
      return true;
    }
    const auto through = [&](const Entry& entry) { return holds(ends(entry, around), other); };
    const auto list = around.of(node);
    const auto truth = truth_.of(node);
    return std::any_of(list.begin(), list.end(), through) ||
           std::any_of(truth.begin(), truth.end(), [&](const Entry& entry) {
             return holds(ends(entry, around), node) && through(entry);
           });
  }

  /// What packed cells may take: half of what is left, as in the scan.
  static Count kept_bytes(const EffortConfig& config) {
    const Count left = memory_left(config.memory_bytes);
    return left > 0 ? left / 2 : std::numeric_limits<Count>::max();
  }

  /// The most probes of all nodes in the home cells of the owned sample.
  void probe_home_cells(int most_probes) {
    for (const Position node : truth_.nodes) {
      if (owned_.contains(node)) {
        home_probes_[shard_.layout.cell_at(node)];
      }
    }
    std::vector<HomeProbes::value_type*> all;
    for (auto& home : home_probes_) {
      all.push_back(&home);
    }
    num_home_probes_ = most_probes;
    parallel_for(count_of(all), 1, [&](Count begin, Count end) {
      for (Count i = begin; i < end; ++i) {
        auto& [home, probes] = *all[to_size(i)];
        const IdRange<Position> nodes = shard_.layout.nodes_of(home);
        probes = finder_.find(home, nodes.begin.value() - owned_.begin.value(), nodes.size(),
                              most_probes);
      }
    });
  }

  /// The cells that the nodes of such a home cell probe, ascending.
  [[nodiscard]] std::vector<CellId> neighborhood(CellId home, int probes) const {
    const std::vector<CellId>& all = home_probes_.at(home);
    std::vector<CellId> cells;
    for (std::size_t first = 0; first < all.size(); first += to_size(num_home_probes_)) {
      const auto row = all.begin() + static_cast<Count>(first);
      cells.insert(cells.end(), row, row + probes);
    }
    std::sort(cells.begin(), cells.end());
    cells.erase(std::unique(cells.begin(), cells.end()), cells.end());
    return cells;
  }

  const cells::Shard& shard_;
  const comm::Communicator& comm_;
  int k_;
  IdRange<Position> owned_;
  cells::ProbeFinder finder_;
  OwnedSearch owned_search_;
  PilotLists truth_;
  using HomeProbes = std::map<CellId, std::vector<CellId>>;
  HomeProbes home_probes_;
  int num_home_probes_ = 0;
  std::map<int, Trial> trials_;
};

}  // namespace kith::knn
