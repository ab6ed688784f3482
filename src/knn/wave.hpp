// The cells that a run of home cells looks at: owned ones and copies of other ranks' (ghosts).
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "kith/cells/cells.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/comm/pending.hpp"
#include "kith/core/types.hpp"
#include "kith/distance/panels.hpp"

namespace kith::knn {

/// The cells that the nodes of each owned home cell probe, ascending. A property of the cells
/// alone: what refine may look at must not depend on ranks or waves.
class Neighborhoods {
 public:
  explicit Neighborhoods(const cells::Shard& shard);

  [[nodiscard]] std::span<const CellId> of(CellId home) const {
    const auto index = to_size(home.value() - homes_.begin.value());
    return std::span{cells_}.subspan(to_size(offsets_[index]),
                                     to_size(offsets_[index + 1] - offsets_[index]));
  }

 private:
  IdRange<CellId> homes_;
  std::vector<Count> offsets_;
  std::vector<CellId> cells_;
};

/// What a node of a wave takes, in bytes.
struct NodeCost {
  Count ghost = 0;     // of a rank elsewhere
  Count neighbor = 0;  // of another rank of this node, whose vectors are read in place
  Count owned = 0;     // beside what the shard holds
};

/// Collective. Cuts this rank's cells into runs whose cells together stay under memory_bytes (0 =
/// no limit; a run of one cell always passes). The same number of runs on every rank; the last ones
/// may be empty.
[[nodiscard]] std::vector<IdRange<CellId>> plan_waves(const cells::Shard& shard,
                                                      const Neighborhoods& neighborhoods,
                                                      NodeCost cost, Count memory_bytes);

/// The cell of a position without a binary search: one look into a table of equal steps.
class CellFinder {
 public:
  explicit CellFinder(const cells::CellLayout& layout);

  [[nodiscard]] CellId cell_at(Position position) const {
    CellId cell = first_cells_[to_size(position.value() >> shift_)];
    while (first_nodes_[to_size(cell) + 1] <= position) {
      ++cell;
    }
    return cell;
  }
  [[nodiscard]] Position begin_of(CellId cell) const { return first_nodes_[to_size(cell)]; }

 private:
  int shift_ = 0;
  std::vector<CellId> first_cells_;
  std::vector<Position> first_nodes_;
};

/// Nodes are numbered in position order: ghosts of lower ranks, all owned nodes, ghosts of higher
/// ranks. A ghost is numbered only if its cell is in the neighborhood of one of the wave's homes.
class Wave {
 public:
  /// Collective. Begins to fetch the vectors of the ghost cells; those that ranks of this node own
  /// are read where they are.
  Wave(const cells::Shard& shard, const Neighborhoods& neighborhoods, IdRange<CellId> homes);

  /// Lets the vectors come in while something else is computed.
  void progress() { arriving_.progress(); }
  /// Collective. Waits for the vectors: before it, ghosts have none.
  void arrive();

  /// Packs the panels of all its cells, on all threads.
  void pack_panels();
  void drop_panels();

  [[nodiscard]] IdRange<CellId> homes() const { return homes_; }
  /// Cells by slot, ascending.
  [[nodiscard]] std::span<const CellId> cells() const { return cells_; }
  /// -1 if the cell is not in this wave.
  [[nodiscard]] std::int32_t slot_of(CellId cell) const { return slots_[to_size(cell)]; }
  [[nodiscard]] std::int32_t first_node(std::int32_t slot) const {
    return first_nodes_[to_size(slot)];
  }
  [[nodiscard]] Count num_nodes(std::int32_t slot) const {
    return shard_->layout.nodes_of(cells_[to_size(slot)]).size();
  }
  [[nodiscard]] const distance::Panels& panels(std::int32_t slot) const {
    return panels_[to_size(slot)];
  }

  /// All numbered nodes, and where the owned ones begin among them.
  [[nodiscard]] std::int32_t num_nodes() const { return num_nodes_; }
  [[nodiscard]] std::int32_t first_owned() const { return num_lower_; }
  [[nodiscard]] bool is_owned(std::int32_t node) const {
    return node >= num_lower_ && node < num_lower_ + num_owned_;
  }
  /// Number of a ghost among the ghosts.
  [[nodiscard]] std::int32_t ghost_of(std::int32_t node) const {
    return node < num_lower_ ? node : node - num_owned_;
  }
  [[nodiscard]] std::int32_t num_ghosts() const {
    return static_cast<std::int32_t>(ghost_positions_.size());
  }
  /// A node's vector, of the type of the shard's.
  [[nodiscard]] const std::byte* row(std::int32_t node) const {
    return is_owned(node) ? shard_->vectors.row(node - num_lower_)
                          : ghost_rows_[to_size(ghost_of(node))];
  }
  /// The vectors of a cell as float32, in place or in `scratch`.
  [[nodiscard]] std::span<const float> floats(std::int32_t slot,
                                              std::vector<float>& scratch) const {
    const auto num_bytes = to_size(num_nodes(slot) * shard_->vectors.row_bytes());
    return distance::as_floats(shard_->vectors.type(), {row(first_node(slot)), num_bytes}, scratch);
  }
  [[nodiscard]] Position position(std::int32_t node) const {
    return is_owned(node) ? Position{first_position_.value() + (node - num_lower_)}
                          : ghost_positions_[to_size(ghost_of(node))];
  }
  /// Of the vectors that came.
  [[nodiscard]] Count ghost_bytes() const { return ghost_bytes_; }

  /// Collective. owned: owned nodes x width. Returns the ghosts' values, ghosts x width.
  template <class T>
  [[nodiscard]] std::vector<T> fetch(std::span<const T> owned, Count width,
                                     Where where = Where::here()) const {
    comm::expect_same_call(*shard_->comm, {"Wave::fetch", where, sizeof(T), width});
    const auto from_all = [](Rank) { return true; };
    const Packed packed = pack_requested(std::as_bytes(owned), width * Count{sizeof(T)}, from_all);
    std::vector<T> received(to_size(num_ghosts() * width));
    comm::detail::exchange_bytes(*shard_->comm, packed.bytes.data(), packed.to_rank,
                                 std::as_writable_bytes(std::span{received}).data(),
                                 bytes_from_ranks(width * Count{sizeof(T)}, from_all));
    return received;
  }

 private:
  /// What other ranks asked for, by rank.
  struct Packed {
    std::vector<std::byte> bytes;
    std::vector<Count> to_rank;
  };

  using RankFilter = std::function<bool(Rank)>;

  void number_nodes();
  [[nodiscard]] Packed pack_requested(std::span<const std::byte> owned, Count row_bytes,
                                      const RankFilter& takes) const;
  [[nodiscard]] std::vector<Count> bytes_from_ranks(Count row_bytes, const RankFilter& gives) const;

  const cells::Shard* shard_;
  IdRange<CellId> homes_;
  Position first_position_;
  std::int32_t num_owned_ = 0;
  std::int32_t num_lower_ = 0;
  std::int32_t num_nodes_ = 0;
  std::vector<CellId> cells_;
  std::vector<std::int32_t> slots_;
  std::vector<std::int32_t> first_nodes_;
  comm::Received<CellId> requested_;  // owned cells that other ranks need
  std::vector<Position> ghost_positions_;
  comm::PendingBytes arriving_;
  Count ghost_bytes_ = 0;
  std::vector<std::byte> ghost_vectors_;      // as they came
  std::vector<const std::byte*> ghost_rows_;  // by ghost, there or in another rank's memory
  std::vector<distance::Panels> panels_;
};

}  // namespace kith::knn
