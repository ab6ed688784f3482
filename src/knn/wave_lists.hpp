/// The lists that a round of refine starts from, for all nodes of a wave, with their reverse edges.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include "kith/cells/cells.hpp"
#include "kith/comm/agree.hpp"
#include "kith/core/parallel.hpp"

#include "refine.hpp"
#include "wave.hpp"

namespace kith::knn {

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

}  // namespace kith::knn
