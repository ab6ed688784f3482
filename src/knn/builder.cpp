#include "builder.hpp"

#include <algorithm>
#include <utility>

#include "kith/comm/collectives.hpp"
#include "kith/core/log.hpp"
#include "kith/core/memory.hpp"

namespace kith::knn {

Builder::Builder(const cells::Shard& shard, const KnnConfig& config)
    : shard_{shard},
      comm_{*shard.comm},
      config_{config},
      num_rows_{shard.layout.nodes_of(shard.comm->rank()).size()},
      lists_{config.k, std::vector<Entry>(to_size(num_rows_ * config.k))} {
  start_unit();
}

void Builder::start_unit() {
  const Count num_cells = shard_.layout.cells_of(comm_.rank()).size();
  here_.is_done.assign(to_size(num_cells), 0);
}

void Builder::resume() {
  if (config_.checkpoint == nullptr || is_faiss(config_)) {
    return;
  }
  const bool found = config_.checkpoint->resume(
      [&](const comm::StateReader& reader) { here_ = load(shard_, config_.k, reader); });
  if (!found) {
    return;
  }
  lists_ = std::move(here_.now.lists);
  stats_.widened_nodes = here_.widened_nodes;
  const Count cells = std::count(here_.is_done.begin(), here_.is_done.end(), 1);
  const Count nodes = num_rows_ - count_of(unfilled_rows());
  log::info("stage=knn state=resumed in={} round={} cells_done={} nodes_done={}",
            here_.refines       ? "refine"
            : is_exact(config_) ? "exact"
                                : "scan",
            here_.round, comm::sum_over_ranks(comm_, cells),
            here_.refines ? 0 : comm::sum_over_ranks(comm_, nodes));
}

void Builder::offer(IdRange<CellId> homes) {
  const CellId first = shard_.layout.cells_of(comm_.rank()).begin;
  for (CellId home = homes.begin; home < homes.end; ++home) {
    here_.is_done[to_size(home.value() - first.value())] = 1;
  }
  if (config_.checkpoint == nullptr || is_faiss(config_)) {
    return;
  }
  config_.checkpoint->offer([&](comm::StateWriter& writer) {
    if (!here_.refines) {
      std::swap(here_.now.lists, lists_);  // lent for the length of the call
    }
    const auto give_back = [&] {
      if (!here_.refines) {
        std::swap(here_.now.lists, lists_);
      }
    };
    try {
      save(shard_, here_, writer);
    } catch (...) {
      give_back();
      throw;
    }
    give_back();
  });
}

void Builder::for_each_wave_left(const Neighborhoods& neighborhoods,
                                 const std::vector<IdRange<CellId>>& waves, const Work& work) {
  const bool is_fresh =
      !comm::any_rank(comm_, std::count(here_.is_done.begin(), here_.is_done.end(), 1) > 0);
  if (is_fresh) {
    for_each_wave(neighborhoods, waves, work);
    return;
  }
  wave_is_whole_ = false;
  for_each_wave(neighborhoods, trim_waves(shard_, waves, here_.is_done), work);
  wave_is_whole_ = false;
}

std::vector<IdRange<CellId>> Builder::cut_wave(IdRange<CellId> homes) const {
  constexpr Count kMostParts = 1000;
  const double all = scan_flops(shard_, homes);
  const Count most = std::clamp<Count>(homes.size(), 1, kMostParts);
  const Count mine = config_.checkpoint == nullptr || is_faiss(config_)
                         ? 1
                         : std::clamp<Count>(static_cast<Count>(all / unit_flops()), 1, most);
  const Count agreed = comm::max_over_ranks(comm_, mine);
  std::vector<IdRange<CellId>> cut;
  CellId end = homes.begin;
  double flops = 0;
  for (Count part = 1; part <= agreed; ++part) {
    const CellId begin = end;
    const double wanted = all * static_cast<double>(part) / static_cast<double>(agreed);
    while (end < homes.end && (part == agreed || flops < wanted)) {
      const CellId home = end;
      ++end;
      flops += scan_flops(shard_, {home, end});
    }
    cut.push_back({begin, end});
  }
  return cut;
}

void Builder::for_each_wave(const Neighborhoods& neighborhoods,
                            std::span<const IdRange<CellId>> waves, const Work& work) {
  std::optional<Wave> next;
  const Meanwhile meanwhile = [&] {
    if (next) {
      next->progress();
    }
  };
  // The only wave of the scan is also the only one of refine; every rank has as many.
  const bool is_here = wave_is_whole_ && waves.size() == 1;
  wave_is_whole_ = waves.size() == 1;
  for (std::size_t i = 0; i < waves.size(); ++i) {
    if (!is_here) {
      wave_.reset();
      if (config_.memory_bytes > 0) {
        release_free_memory();  // what the last wave held in pieces would count twice
        shard_.vectors.release_others();
      }
      wave_.emplace(next ? *std::exchange(next, std::nullopt)
                         : Wave{shard_, neighborhoods, waves[i]});
      wave_->arrive();
      stats_.ghost_bytes += wave_->ghost_bytes();
    }
    if (i + 1 < waves.size()) {
      next.emplace(shard_, neighborhoods, waves[i + 1]);
    }
    work(meanwhile);
  }
}

NeighborLists Builder::finish() const {
  const Count num_entries = count_of(lists_.entries);
  NeighborLists lists{config_.k, std::vector<Position>(to_size(num_entries)),
                      std::vector<float>(to_size(num_entries))};
  parallel_for(num_entries, 65536, [&](Count begin, Count end) {
    for (std::size_t i = to_size(begin); i < to_size(end); ++i) {
      lists.neighbors[i] = lists_.entries[i].position;
      lists.distances[i] = lists_.entries[i].distance;
    }
  });
  return lists;
}

}  // namespace kith::knn
