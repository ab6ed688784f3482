#include "wave.hpp"

#include <algorithm>
#include <bit>
#include <limits>

#include "kith/comm/agree.hpp"
#include "kith/core/error.hpp"
#include "kith/core/parallel.hpp"

#include "entry.hpp"

namespace kith::knn {
namespace {

/// The cells that the nodes of `home` probe, ascending.
std::vector<CellId> probed_by(const cells::Shard& shard, CellId home) {
  const IdRange<Position> nodes = shard.layout.nodes_of(home);
  const Position first = shard.layout.nodes_of(shard.comm->rank()).begin;
  const auto probes = std::span{shard.probes}.subspan(
      to_size((nodes.begin.value() - first.value()) * shard.num_probes),
      to_size(nodes.size() * shard.num_probes));
  std::vector<CellId> cells;
  std::copy_if(probes.begin(), probes.end(), std::back_inserter(cells),
               [](CellId cell) { return !cell.is_none(); });
  std::sort(cells.begin(), cells.end());
  cells.erase(std::unique(cells.begin(), cells.end()), cells.end());
  return cells;
}

/// All cells in the neighborhoods of `homes`, ascending.
std::vector<CellId> union_of(const Neighborhoods& neighborhoods, IdRange<CellId> homes,
                             Count num_cells) {
  std::vector<bool> is_needed(to_size(num_cells), false);
  for (CellId home = homes.begin; home < homes.end; ++home) {
    for (const CellId cell : neighborhoods.of(home)) {
      is_needed[to_size(cell)] = true;
    }
  }
  std::vector<CellId> cells;
  for (CellId cell{0}; cell.value() < num_cells; ++cell) {
    if (is_needed[to_size(cell)]) {
      cells.push_back(cell);
    }
  }
  return cells;
}

}  // namespace

Neighborhoods::Neighborhoods(const cells::Shard& shard)
    : homes_{shard.layout.cells_of(shard.comm->rank())} {
  std::vector<std::vector<CellId>> lists(to_size(homes_.size()));
  parallel_for(homes_.size(), 4, [&](Count begin, Count end) {
    for (Count i = begin; i < end; ++i) {
      lists[to_size(i)] =
          probed_by(shard, CellId{homes_.begin.value() + static_cast<std::int32_t>(i)});
    }
  });
  offsets_.push_back(0);
  for (const auto& list : lists) {
    cells_.insert(cells_.end(), list.begin(), list.end());
    offsets_.push_back(count_of(cells_));
  }
}

std::vector<IdRange<CellId>> plan_waves(const cells::Shard& shard,
                                        const Neighborhoods& neighborhoods, NodeCost cost,
                                        Count memory_bytes) {
  const IdRange<CellId> homes = shard.layout.cells_of(shard.comm->rank());
  const Count limit = memory_bytes > 0 ? memory_bytes : std::numeric_limits<Count>::max();
  std::vector<std::int32_t> seen_in_wave(to_size(shard.layout.num_cells()), -1);
  std::vector<IdRange<CellId>> waves;
  const auto cost_of = [&](CellId cell) {
    if (homes.contains(cell)) {
      return cost.owned;
    }
    return shard.vectors.sees(shard.layout.owner(cell)) ? cost.neighbor : cost.ghost;
  };
  const auto new_bytes = [&](CellId home) {
    Count bytes = 0;
    const auto wave = static_cast<std::int32_t>(waves.size());
    for (const CellId cell : neighborhoods.of(home)) {
      if (seen_in_wave[to_size(cell)] != wave) {
        bytes += shard.layout.nodes_of(cell).size() * cost_of(cell);
      }
    }
    return bytes;
  };
  Count used = 0;
  for (CellId home = homes.begin; home < homes.end; ++home) {
    Count bytes = waves.empty() ? 0 : new_bytes(home);
    if (waves.empty() || (used > 0 && used + bytes > limit)) {
      waves.push_back({home, home});
      used = 0;
      bytes = new_bytes(home);
    }
    used += bytes;
    for (const CellId cell : neighborhoods.of(home)) {
      seen_in_wave[to_size(cell)] = static_cast<std::int32_t>(waves.size());
    }
    ++waves.back().end;
  }
  const Count agreed = comm::max_over_ranks(*shard.comm, count_of(waves));
  waves.resize(to_size(agreed), {homes.end, homes.end});
  return waves;
}

CellFinder::CellFinder(const cells::CellLayout& layout) {
  const Count num_cells = layout.num_cells();
  for (CellId cell{0}; cell.value() < num_cells; ++cell) {
    first_nodes_.push_back(layout.nodes_of(cell).begin);
  }
  first_nodes_.emplace_back(layout.num_nodes());
  const Count step = std::max<Count>(1, layout.num_nodes() / (2 * std::max<Count>(1, num_cells)));
  shift_ = static_cast<int>(std::bit_width(static_cast<std::uint64_t>(step))) - 1;
  CellId cell{0};
  for (Count first = 0; first < layout.num_nodes(); first += Count{1} << shift_) {
    while (first_nodes_[to_size(cell) + 1].value() <= first) {
      ++cell;
    }
    first_cells_.push_back(cell);
  }
}

Wave::Wave(const cells::Shard& shard, const Neighborhoods& neighborhoods, IdRange<CellId> homes)
    : shard_{&shard},
      homes_{homes},
      first_position_{shard.layout.nodes_of(shard.comm->rank()).begin} {
  const comm::Communicator& comm = *shard.comm;
  const Count num_cells = shard.layout.num_cells();
  std::vector<CellId> ghosts;
  std::vector<Rank> owners;
  comm::locally(comm, [&] {
    cells_ = union_of(neighborhoods, homes, num_cells);
    slots_.assign(to_size(num_cells), -1);
    for (std::size_t slot = 0; slot < cells_.size(); ++slot) {
      slots_[to_size(cells_[slot])] = static_cast<std::int32_t>(slot);
      const Rank owner = shard.layout.owner(cells_[slot]);
      if (owner != comm.rank()) {
        ghosts.push_back(cells_[slot]);
        owners.push_back(owner);
      }
    }
    number_nodes();
  });
  requested_ = comm::exchange_to<CellId>(comm, ghosts, owners);
  const Count row_bytes = shard.vectors.row_bytes();
  const auto is_far = [&](Rank rank) { return !shard.vectors.sees(rank); };
  Packed packed = pack_requested(shard.vectors.bytes(), row_bytes, is_far);
  arriving_ = {comm, std::move(packed.bytes), packed.to_rank, bytes_from_ranks(row_bytes, is_far)};
}

void Wave::arrive() {
  ghost_vectors_ = arriving_.finish();
  ghost_bytes_ = count_of(ghost_vectors_);
  const Count row_bytes = shard_->vectors.row_bytes();
  const std::byte* next =
      ghost_vectors_.data();  // cells ascend, and so do the ranks they came from
  for (const CellId cell : cells_) {
    const Rank owner = shard_->layout.owner(cell);
    if (owner == shard_->comm->rank()) {
      continue;
    }
    const IdRange<Position> nodes = shard_->layout.nodes_of(cell);
    const Count first_of_owner = shard_->layout.nodes_of(owner).begin.value();
    const bool is_near = shard_->vectors.sees(owner);
    for (Position node = nodes.begin; node < nodes.end; ++node) {
      ghost_rows_.push_back(is_near ? shard_->vectors.row_of(owner, node.value() - first_of_owner)
                                    : next);
      next += is_near ? 0 : row_bytes;
    }
  }
}

Wave::Packed Wave::pack_requested(std::span<const std::byte> owned, Count row_bytes,
                                  const RankFilter& takes) const {
  const auto requested_by = [&](int rank) {
    return takes(Rank{rank}) ? requested_.from(Rank{rank}) : std::span<const CellId>{};
  };
  Packed packed;
  Count num_sent = 0;
  for (int to = 0; to < shard_->comm->size(); ++to) {
    for (const CellId cell : requested_by(to)) {
      num_sent += shard_->layout.nodes_of(cell).size();
    }
  }
  packed.bytes.reserve(to_size(num_sent * row_bytes));
  for (int to = 0; to < shard_->comm->size(); ++to) {
    const Count before = count_of(packed.bytes);
    for (const CellId cell : requested_by(to)) {
      const IdRange<Position> nodes = shard_->layout.nodes_of(cell);
      const Count first = nodes.begin.value() - first_position_.value();
      const auto part =
          owned.subspan(to_size(first * row_bytes), to_size(nodes.size() * row_bytes));
      packed.bytes.insert(packed.bytes.end(), part.begin(), part.end());
    }
    packed.to_rank.push_back(count_of(packed.bytes) - before);
  }
  return packed;
}

std::vector<Count> Wave::bytes_from_ranks(Count row_bytes, const RankFilter& gives) const {
  std::vector<Count> bytes(to_size(shard_->comm->size()), 0);
  for (const CellId cell : cells_) {
    const Rank owner = shard_->layout.owner(cell);
    if (owner != shard_->comm->rank() && gives(owner)) {
      bytes[to_size(owner)] += shard_->layout.nodes_of(cell).size() * row_bytes;
    }
  }
  return bytes;
}

void Wave::number_nodes() {
  const IdRange<CellId> mine = shard_->layout.cells_of(shard_->comm->rank());
  const Count num_owned = shard_->layout.nodes_of(shard_->comm->rank()).size();
  num_owned_ = narrow<std::int32_t>(num_owned, "nodes of one rank");
  Count num_ghosts = 0;
  for (const CellId cell : cells_) {
    const IdRange<Position> nodes = shard_->layout.nodes_of(cell);
    if (mine.contains(cell)) {
      const Count first = nodes.begin.value() - first_position_.value();
      first_nodes_.push_back(static_cast<std::int32_t>(first));  // num_lower_ is added below
      continue;
    }
    if (cell < mine.begin) {
      num_lower_ = narrow<std::int32_t>(num_ghosts + nodes.size(), "ghost nodes of one wave");
    }
    first_nodes_.push_back(narrow<std::int32_t>(num_ghosts + (cell < mine.begin ? 0 : num_owned),
                                                "nodes of one wave"));
    num_ghosts += nodes.size();
    for (Position node = nodes.begin; node < nodes.end; ++node) {
      ghost_positions_.push_back(node);
    }
  }
  const Count num_nodes = num_ghosts + num_owned;
  num_nodes_ = narrow<std::int32_t>(2 * num_nodes, "twice the nodes of one wave") / 2;
  for (std::size_t slot = 0; slot < cells_.size(); ++slot) {
    if (mine.contains(cells_[slot])) {
      first_nodes_[slot] += num_lower_;
    }
  }
}

void Wave::pack_panels() {
  panels_.resize(cells_.size());
  std::vector<std::vector<float>> scratch(to_size(num_threads()));
  parallel_for(count_of(cells_), 1, [&](Count begin, Count end) {
    for (auto slot = static_cast<std::int32_t>(begin); slot < end; ++slot) {
      if (num_nodes(slot) > 0) {
        panels_[to_size(slot)].pack(floats(slot, scratch[to_size(thread_index())]), shard_->dim,
                                    nearness_of(shard_->metric));
      }
    }
  });
}

void Wave::drop_panels() {
  panels_.clear();
}

}  // namespace kith::knn
