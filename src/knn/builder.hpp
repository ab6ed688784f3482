/// The stage at work: its lists, its waves and units of work, and what is measured on the way.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "kith/cells/cells.hpp"
#include "kith/comm/communicator.hpp"
#include "kith/core/parallel.hpp"
#include "kith/knn/knn.hpp"

#include "entry.hpp"
#include "scan.hpp"
#include "search_state.hpp"
#include "wave.hpp"

namespace kith::knn {

[[nodiscard]] bool is_faiss(const KnnConfig& config);
[[nodiscard]] bool is_exact(const KnnConfig& config);

class Builder {
 public:
  Builder(const cells::Shard& shard, const KnnConfig& config);
  KnnResult build();

 private:
  /// What is done while a wave is here; it may call `meanwhile` while it computes.
  using Work = std::function<void(const Meanwhile&)>;

  /// No cell is through yet.
  void start_unit();
  /// Collective.
  void resume();
  /// Collective, between units of work. These homes of this rank, if any, are through.
  void offer(IdRange<CellId> homes);
  /// Collective. As for_each_wave(), without cells that are done.
  void for_each_wave_left(const Neighborhoods& neighborhoods,
                          const std::vector<IdRange<CellId>>& waves, const Work& work);
  /// What all threads of this rank do between two offers.
  [[nodiscard]] double unit_flops() const { return config_.unit_flops * num_threads(); }
  /// Collective. The wave's homes in parts of about a unit's work each; every rank has as many, and
  /// each of a rank's parts is as much work as the next, for ranks meet after every part.
  [[nodiscard]] std::vector<IdRange<CellId>> cut_wave(IdRange<CellId> homes) const;
  void search_all_exactly();
  /// Nodes that have not met k others yet.
  [[nodiscard]] std::vector<std::int32_t> unfilled_rows() const;
  /// Collective. Fills the lists of these rows from all nodes of all ranks, a unit of work at a
  /// time.
  void search_everywhere(std::span<const std::int32_t> rows);
  /// Collective. Calls work(meanwhile) for each wave, which is then in wave_; the vectors of the
  /// next one come in meanwhile.
  void for_each_wave(const Neighborhoods& neighborhoods, std::span<const IdRange<CellId>> waves,
                     const Work& work);
  void scan(const Neighborhoods& neighborhoods);
  /// Nodes whose probe cells hold fewer than k others are compared with everything.
  void widen();
  void refine(const Neighborhoods& neighborhoods);
  /// The first round begins, or a later one goes on.
  void start_refine();
  /// Collective. A ghost takes its row, that of the next wave that comes and goes, its list twice
  /// and the list's ends; an owned node the edges that lead to it.
  std::vector<IdRange<CellId>> plan_refine_waves(const Neighborhoods& neighborhoods);
  [[nodiscard]] Count row_bytes() const { return shard_.vectors.row_bytes(); }
  [[nodiscard]] Count panel_bytes() const { return shard_.dim * static_cast<Count>(sizeof(float)); }
  [[nodiscard]] NeighborLists finish() const;

  const cells::Shard& shard_;
  const comm::Communicator& comm_;
  const KnnConfig& config_;
  Count num_rows_;
  EntryLists lists_;
  std::optional<Wave> wave_;
  bool wave_is_whole_ = false;  // it holds all homes of every rank
  KnnStats stats_;
  SearchState here_;
};

}  // namespace kith::knn
