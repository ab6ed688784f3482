#include "refine.hpp"

#include <algorithm>
#include <atomic>
#include <numeric>
#include <span>

#include "kith/comm/agree.hpp"
#include "kith/core/parallel.hpp"

#include "scan.hpp"
#include "shared_progress.hpp"

namespace kith::knn {
namespace {

/// A node of the wave at the other end of a list's entry, with the slot of its home cell, and
/// whether that entry is new. Where the other end is not in the wave, its number is one more than
/// the last node's. The slot stands here too because looking it up by node misses the cache.
class EdgeEnd {
 public:
  EdgeEnd() = default;
  EdgeEnd(std::int32_t node, std::int32_t slot, bool is_new)
      : bits_{static_cast<std::uint32_t>(node) * 2U + (is_new ? 1U : 0U)}, slot_{slot} {}

  [[nodiscard]] std::int32_t node() const { return static_cast<std::int32_t>(bits_ / 2U); }
  [[nodiscard]] std::int32_t slot() const { return slot_; }
  [[nodiscard]] bool is_new() const { return bits_ % 2U != 0; }

 private:
  std::uint32_t bits_ = 0;
  std::int32_t slot_ = 0;
};

/// An edge of the last round's lists, seen from its end.
struct ReverseEdge {
  EdgeEnd from;            // the node whose list it is in
  std::int32_t place = 0;  // in that list
  float key = 0;
};

/// The last round's lists of all nodes of a wave, owned and ghosts, with ends as nodes of the wave.
class WaveLists {
 public:
  /// Collective.
  WaveLists(const cells::Shard& shard, const Wave& wave, const RoundLists& before)
      : wave_{wave},
        before_{before},
        k_{before.lists.k},
        ghost_entries_{wave.fetch<Entry>(before.lists.entries, k_)},
        ghost_is_new_{wave.fetch<std::uint8_t>(before.is_new, k_)} {
    comm::locally(*shard.comm, [&] {
      const CellFinder finder{shard.layout};
      find_slots();
      find_ends(finder);
      find_reverse_edges(shard);
    });
  }

  [[nodiscard]] const Entry& entry(std::int32_t node, int place) const {
    return wave_.is_owned(node) ? before_.lists.entries[at(node - wave_.first_owned(), place)]
                                : ghost_entries_[at(wave_.ghost_of(node), place)];
  }
  /// Where the entries of a node's list lead.
  [[nodiscard]] std::span<const EdgeEnd> ends(std::int32_t node) const {
    return std::span{ends_}.subspan(at(node, 0), to_size(k_));
  }
  /// Whether any of them is new.
  [[nodiscard]] bool has_new(std::int32_t node) const { return has_new_[to_size(node)] != 0; }
  /// The slot of what is not in a cell that the wave looks at.
  [[nodiscard]] std::int32_t no_slot() const {
    return static_cast<std::int32_t>(wave_.cells().size());
  }
  /// Edges into an owned row of the wave's homes, nearest first.
  [[nodiscard]] std::span<const ReverseEdge> edges_into(std::int32_t row) const {
    const auto index = to_size(row - first_home_row_);
    return std::span{edges_}.subspan(to_size(edge_offsets_[index]),
                                     to_size(edge_offsets_[index + 1] - edge_offsets_[index]));
  }
  [[nodiscard]] int k() const { return k_; }

 private:
  [[nodiscard]] std::size_t at(std::int32_t node, int place) const {
    return to_size(Count{node} * k_ + place);
  }

  [[nodiscard]] bool is_new(std::int32_t node, int place) const {
    return 0 != (wave_.is_owned(node) ? before_.is_new[at(node - wave_.first_owned(), place)]
                                      : ghost_is_new_[at(wave_.ghost_of(node), place)]);
  }

  void find_slots() {
    node_slots_.assign(to_size(wave_.num_nodes()), no_slot());
    for (std::int32_t slot = 0; slot < no_slot(); ++slot) {
      std::fill_n(node_slots_.begin() + wave_.first_node(slot), wave_.num_nodes(slot), slot);
    }
  }

  void find_ends(const CellFinder& finder) {
    ends_.assign(to_size(Count{wave_.num_nodes()} * k_),
                 EdgeEnd{wave_.num_nodes(), no_slot(), false});
    has_new_.assign(to_size(wave_.num_nodes()), 0);
    parallel_for(wave_.num_nodes(), 1024, [&](Count begin, Count end) {
      for (auto node = static_cast<std::int32_t>(begin); node < end; ++node) {
        if (node_slots_[to_size(node)] != no_slot()) {
          find_ends_of(node, finder);
        }
      }
    });
  }

  void find_ends_of(std::int32_t node, const CellFinder& finder) {
    for (int place = 0; place < k_; ++place) {
      const Position position = entry(node, place).position;
      const CellId cell = finder.cell_at(position);
      const std::int32_t cell_slot = wave_.slot_of(cell);
      if (cell_slot >= 0) {
        const auto offset =
            static_cast<std::int32_t>(position.value() - finder.begin_of(cell).value());
        ends_[at(node, place)] =
            EdgeEnd{wave_.first_node(cell_slot) + offset, cell_slot, is_new(node, place)};
        has_new_[to_size(node)] |= static_cast<std::uint8_t>(is_new(node, place));
      }
    }
  }

  /// Calls use(row, edge) for each edge into the wave's homes, on all threads.
  template <class Use>
  void for_each_edge(Count num_rows, const Use& use) const {
    const std::int32_t first = wave_.first_owned() + first_home_row_;
    parallel_for(wave_.num_nodes(), 1024, [&](Count begin, Count end) {
      for (auto node = static_cast<std::int32_t>(begin); node < end; ++node) {
        for (int place = 0; place < k_; ++place) {
          const EdgeEnd edge_end = ends_[at(node, place)];
          const std::int32_t to = edge_end.node() - first;
          if (to >= 0 && to < num_rows) {
            use(to, ReverseEdge{EdgeEnd{node, node_slots_[to_size(node)], edge_end.is_new()}, place,
                                entry(node, place).key});
          }
        }
      }
    });
  }

  void find_reverse_edges(const cells::Shard& shard) {
    const Position first = shard.layout.nodes_of(shard.comm->rank()).begin;
    Count num_rows = 0;
    for (CellId home = wave_.homes().begin; home < wave_.homes().end; ++home) {
      const IdRange<Position> nodes = shard.layout.nodes_of(home);
      if (home == wave_.homes().begin) {
        first_home_row_ = static_cast<std::int32_t>(nodes.begin.value() - first.value());
      }
      num_rows += nodes.size();
    }
    std::vector<Count> next(to_size(num_rows), 0);
    for_each_edge(num_rows, [&](std::int32_t row, ReverseEdge) {
      std::atomic_ref{next[to_size(row)]}.fetch_add(1, std::memory_order_relaxed);
    });
    edge_offsets_.assign(to_size(num_rows) + 1, 0);
    std::inclusive_scan(next.begin(), next.end(), edge_offsets_.begin() + 1);
    std::copy(edge_offsets_.begin(), edge_offsets_.end() - 1, next.begin());
    edges_.resize(to_size(edge_offsets_.back()));
    for_each_edge(num_rows, [&](std::int32_t row, ReverseEdge edge) {
      const Count place =
          std::atomic_ref{next[to_size(row)]}.fetch_add(1, std::memory_order_relaxed);
      edges_[to_size(place)] = edge;
    });
    parallel_for(num_rows, 1024, [&](Count begin, Count end) {
      for (Count row = begin; row < end; ++row) {  // threads filled them in any order
        const auto order = [](const ReverseEdge& left, const ReverseEdge& right) {
          return left.key != right.key ? left.key < right.key
                                       : left.from.node() < right.from.node();
        };
        std::sort(edges_.begin() + edge_offsets_[to_size(row)],
                  edges_.begin() + edge_offsets_[to_size(row) + 1], order);
      }
    });
  }

  const Wave& wave_;
  const RoundLists& before_;
  int k_;
  std::vector<Entry> ghost_entries_;
  std::vector<std::uint8_t> ghost_is_new_;
  std::vector<std::int32_t> node_slots_;
  std::vector<EdgeEnd> ends_;
  std::vector<std::uint8_t> has_new_;  // by node
  std::int32_t first_home_row_ = 0;
  std::vector<Count> edge_offsets_;
  std::vector<ReverseEdge> edges_;
};

/// What a cell is to the row that is refined.
enum class CellState : std::uint8_t {
  foreign,  // not in the home cell's neighborhood
  unseen,   // in it, but the row did not scan it
  scanned,
};

/// Memory of one thread, kept from block to block.
struct Scratch {
  std::vector<CellState> states;    // by slot
  std::vector<std::int32_t> nodes;  // to compare the row with
  Candidates candidates;            // the same, with distances
  std::vector<Entry> entries;       // what may enter the row's list
  std::vector<float> query_floats;
};

class Refine {
 public:
  Refine(const cells::Shard& shard, const Neighborhoods& neighborhoods, const Wave& wave,
         const WaveLists& lists)
      : shard_{shard}, neighborhoods_{neighborhoods}, wave_{wave}, lists_{lists} {}

  /// Returns the distances computed.
  Count run(const HomeBlock& block, RoundLists& after, Scratch& scratch) const {
    scratch.states.assign(to_size(lists_.no_slot()) + 1, CellState::foreign);
    for (const CellId cell : neighborhoods_.of(block.home)) {
      scratch.states[to_size(wave_.slot_of(cell))] = CellState::unseen;
    }
    Count num_distances = 0;
    for (std::int32_t row = block.first_row; row < block.first_row + block.num_rows; ++row) {
      set_probed(row, CellState::scanned, scratch);
      collect(row, scratch);
      set_probed(row, CellState::unseen, scratch);
      num_distances += count_of(scratch.nodes);
      rate_candidates(row, scratch);
      write(row, after, scratch);
    }
    return num_distances;
  }

 private:
  void set_probed(std::int32_t row, CellState state, Scratch& scratch) const {
    for (int probe = 0; probe < shard_.num_probes; ++probe) {
      const CellId cell = shard_.probes[to_size(Count{row} * shard_.num_probes + probe)];
      if (!cell.is_none()) {
        scratch.states[to_size(wave_.slot_of(cell))] = state;
      }
    }
  }

  [[nodiscard]] static CellState state_of(EdgeEnd end, const Scratch& scratch) {
    return scratch.states[to_size(end.slot())];
  }

  /// Nodes to compare the row with; reverse neighbors go to the entries at once, their distance
  /// being known. The row itself is in a cell that it scanned.
  void collect(std::int32_t row, Scratch& scratch) const {
    const std::int32_t self = wave_.first_owned() + row;
    scratch.entries.clear();
    scratch.nodes.resize(to_size((lists_.k() + kMostReverse) * lists_.k()));
    std::size_t size = 0;
    const auto add_neighbors_of = [&](EdgeEnd through) {
      if (!through.is_new() && !lists_.has_new(through.node())) {
        return;  // the last round looked at them all
      }
      for (const EdgeEnd end : lists_.ends(through.node())) {
        const bool is_candidate = state_of(end, scratch) == CellState::unseen;
        scratch.nodes[size] = end.node();  // without a branch: most are none
        size += static_cast<std::size_t>(is_candidate) &
                static_cast<std::size_t>(through.is_new() || end.is_new());
      }
    };
    for (const EdgeEnd end : lists_.ends(self)) {
      if (state_of(end, scratch) != CellState::foreign) {
        add_neighbors_of(end);
      }
    }
    int num_reverse = 0;
    for (const ReverseEdge& edge : lists_.edges_into(row)) {
      const CellState state = state_of(edge.from, scratch);
      if (state == CellState::unseen) {
        const Entry& known = lists_.entry(edge.from.node(), edge.place);
        scratch.entries.push_back({wave_.position(edge.from.node()), known.key, known.distance});
      }
      if (state != CellState::foreign && num_reverse < kMostReverse) {
        add_neighbors_of(edge.from);
        ++num_reverse;
      }
    }
    scratch.nodes.resize(size);
    std::sort(scratch.nodes.begin(), scratch.nodes.end());
    scratch.nodes.erase(std::unique(scratch.nodes.begin(), scratch.nodes.end()),
                        scratch.nodes.end());
  }

  /// Adds to the entries those candidates that may enter the list.
  void rate_candidates(std::int32_t row, Scratch& scratch) const {
    const std::int32_t self = wave_.first_owned() + row;
    scratch.candidates.clear();
    for (const std::int32_t node : scratch.nodes) {
      scratch.candidates.add(wave_.position(node), wave_.row(node));
    }
    scratch.candidates.rate(nearness_of(shard_.metric), shard_.vectors.type(),
                            shard_.vectors.floats(row, 1, scratch.query_floats));
    const float farthest = lists_.entry(self, lists_.k() - 1).key;
    const auto rated = scratch.candidates.entries();
    std::copy_if(rated.begin(), rated.end(), std::back_inserter(scratch.entries),
                 [&](const Entry& entry) { return entry.key <= farthest; });
  }

  /// Merges the list of the last round with the new entries.
  void write(std::int32_t row, RoundLists& after, Scratch& scratch) const {
    const std::int32_t self = wave_.first_owned() + row;
    auto& entries = scratch.entries;
    std::sort(entries.begin(), entries.end(), is_nearer);
    const auto list = after.lists.of(row);
    const auto is_new = std::span{after.is_new}.subspan(to_size(Count{row} * lists_.k()));
    std::size_t next = 0;
    int old = 0;
    for (std::size_t place = 0; place < list.size(); ++place) {
      const Entry& known = lists_.entry(self, old);
      while (next < entries.size() && entries[next].position == known.position) {
        ++next;  // the same key, so it stands right here
      }
      const bool takes_new = next < entries.size() && is_nearer(entries[next], known);
      list[place] = takes_new ? entries[next] : known;
      is_new[place] = takes_new ? 1 : 0;
      if (takes_new) {
        const Position taken = entries[next].position;
        while (next < entries.size() && entries[next].position == taken) {
          ++next;
        }
      } else {
        ++old;
      }
    }
  }

  /// Reverse neighbors, nearest first, whose lists are looked through: hubs have thousands.
  static constexpr int kMostReverse = 16;

  const cells::Shard& shard_;
  const Neighborhoods& neighborhoods_;
  const Wave& wave_;
  const WaveLists& lists_;
};

}  // namespace

Count refine_wave(const cells::Shard& shard, const Neighborhoods& neighborhoods, const Wave& wave,
                  const RoundLists& before, RoundLists& after, Progress& progress,
                  const Meanwhile& meanwhile) {
  constexpr Count kMostRows = 256;
  const WaveLists lists{shard, wave, before};
  return comm::locally(*shard.comm, [&] {
    const std::vector<HomeBlock> blocks = cut_homes(shard, wave.homes(), kMostRows);
    const Refine refine{shard, neighborhoods, wave, lists};
    std::vector<Scratch> scratch(to_size(num_threads()));
    std::atomic<Count> num_distances{0};
    SharedProgress shared{progress};
    parallel_for(count_of(blocks), 1, [&](Count begin, Count) {
      const HomeBlock& block = blocks[to_size(begin)];
      num_distances += refine.run(block, after, scratch[to_size(thread_index())]);
      shared.advance(block.num_rows);
      if (thread_index() == 0) {
        meanwhile();
      }
    });
    return num_distances.load();
  });
}

}  // namespace kith::knn
