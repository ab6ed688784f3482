#include "kith/knn/knn.hpp"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/core/error.hpp"
#include "kith/core/log.hpp"
#include "kith/core/memory.hpp"
#include "kith/core/parallel.hpp"
#include "kith/core/progress.hpp"

#include "builder.hpp"
#include "exact.hpp"
#include "faiss_baseline.hpp"
#include "refine.hpp"
#include "scan.hpp"

namespace kith::knn {
namespace {

constexpr std::string_view kFaissPrefix = "faiss:";

class Stopwatch {
 public:
  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// Bytes that a wave may take; 0 = no limit. Half of what is left: the other half is for what
/// cannot be counted, messages inside MPI and what the heap keeps.
Count wave_bytes(const KnnConfig& config) {
  const Count left = memory_left(config.memory_bytes);
  return left > 0 ? std::max<Count>(1, left / 2) : 0;
}

}  // namespace

bool is_faiss(const KnnConfig& config) {
  return config.method.starts_with(kFaissPrefix);
}

bool is_exact(const KnnConfig& config) {
  return config.method == "exact";
}

KnnResult Builder::build() {
  resume();
  if (is_exact(config_)) {
    search_all_exactly();
  } else {
    const auto neighborhoods = comm::locally(comm_, [&] { return Neighborhoods{shard_}; });
    if (!here_.refines) {
      scan(neighborhoods);
      widen();
    }
    refine(neighborhoods);
  }
  return {finish(), stats_};
}

void Builder::search_all_exactly() {
  const Stopwatch watch;
  const std::vector<std::int32_t> rows = unfilled_rows();
  search_everywhere(rows);
  const Count searched = comm::sum_over_ranks(comm_, count_of(rows));
  stats_.scan_flops = 2 * static_cast<double>(searched) *
                      static_cast<double>(shard_.layout.num_nodes() * shard_.dim);
  stats_.scan_s = comm::max_over_ranks(comm_, watch.seconds());
}

void Builder::search_everywhere(std::span<const std::int32_t> rows) {
  OwnedSearch owned{shard_};
  Progress progress{"knn", count_of(rows), "nodes"};
  const Count step = rows_per_round(shard_, unit_flops());
  const Count num_units = (comm::max_over_ranks(comm_, count_of(rows)) + step - 1) / step;
  for (Count unit = 0; unit < num_units; ++unit) {
    const Count begin = std::min(count_of(rows), unit * step);
    const Count size = std::min(count_of(rows) - begin, step);
    const auto part = rows.subspan(to_size(begin), to_size(size));
    const EntryLists found = search_exactly(owned, shard_, part, config_.k);
    for (std::size_t i = 0; i < part.size(); ++i) {
      const auto list = found.of(static_cast<Count>(i));
      std::copy(list.begin(), list.end(), lists_.of(part[i]).begin());
    }
    progress.advance(size);
    offer({});
  }
}

std::vector<std::int32_t> Builder::unfilled_rows() const {
  std::vector<std::int32_t> rows;
  for (std::int32_t row = 0; row < num_rows_; ++row) {
    if (lists_.of(row).back().position.is_none()) {
      rows.push_back(row);
    }
  }
  return rows;
}

void Builder::scan(const Neighborhoods& neighborhoods) {
  const Stopwatch watch;
  // Rows that came, their panels, and rows of the next wave that come and go meanwhile.
  const NodeCost cost{3 * row_bytes() + panel_bytes(), row_bytes() + panel_bytes(), panel_bytes()};
  const auto waves =
      plan_waves(shard_, neighborhoods, cost, is_faiss(config_) ? 0 : wave_bytes(config_));
  stats_.num_waves = static_cast<int>(waves.size());
  Progress progress{"knn", num_rows_, "nodes"};
  Count num_flops = 0;
  for_each_wave_left(neighborhoods, waves, [&](const Meanwhile& meanwhile) {
    comm::locally(comm_, [&] {
      if (!is_faiss(config_)) {
        wave_->pack_panels();
      }
    });
    for (const IdRange<CellId> homes : cut_wave(wave_->homes())) {
      comm::locally(comm_, [&] {
        if (is_faiss(config_)) {
          search_with_faiss(shard_, *wave_, faiss_factory(config_), lists_);
        } else {
          num_flops += scan_wave(shard_, neighborhoods, *wave_, homes, lists_, progress, meanwhile);
        }
      });
      offer(homes);
    }
    wave_->drop_panels();
    release_free_memory();  // panels are small arrays, many of them
  });
  const Count all = comm::sum_over_ranks(comm_, num_flops);
  const Count most = comm::max_over_ranks(comm_, num_flops);
  stats_.scan_flops = static_cast<double>(all);
  stats_.imbalance =
      all > 0 ? static_cast<double>(most) * comm_.size() / static_cast<double>(all) : 1;
  stats_.scan_s = comm::max_over_ranks(comm_, watch.seconds());
}

void Builder::widen() {
  const std::vector<std::int32_t> rows = unfilled_rows();
  const Count left = comm::sum_over_ranks(comm_, count_of(rows));
  if (left == 0) {
    return;
  }
  if (stats_.widened_nodes == 0) {  // else it goes on
    stats_.widened_nodes = left;
    here_.widened_nodes = left;
  }
  search_everywhere(rows);
}

void Builder::refine(const Neighborhoods& neighborhoods) {
  const int num_rounds = is_faiss(config_) ? 0 : config_.refine_rounds;
  const Stopwatch watch;
  Progress progress{"refine", num_rows_ * num_rounds, "nodes"};
  Count num_distances = 0;
  if (num_rounds > 0) {
    start_refine();
    const auto waves = plan_refine_waves(neighborhoods);
    for (; here_.round < num_rounds; ++here_.round) {
      for_each_wave_left(neighborhoods, waves, [&](const Meanwhile& meanwhile) {
        num_distances +=
            refine_wave(shard_, neighborhoods, *wave_, here_.now, here_.next, progress, meanwhile);
        offer(wave_->homes());
      });
      std::swap(here_.now, here_.next);
      start_unit();
    }
    lists_ = std::move(here_.now.lists);
  }
  wave_.reset();
  stats_.ghost_bytes = comm::sum_over_ranks(comm_, stats_.ghost_bytes);
  stats_.refine_distances = comm::sum_over_ranks(comm_, num_distances);
  stats_.refine_s = comm::max_over_ranks(comm_, watch.seconds());
}

void Builder::start_refine() {
  here_.now.lists = std::move(lists_);
  if (!here_.refines) {
    here_.refines = true;
    here_.widened_nodes = stats_.widened_nodes;
    here_.now.is_new.assign(to_size(num_rows_ * config_.k), 1);
    here_.next = here_.now;
    start_unit();
  }
}

std::vector<IdRange<CellId>> Builder::plan_refine_waves(const Neighborhoods& neighborhoods) {
  const Count k = config_.k;
  constexpr auto kEntryBytes = static_cast<Count>(sizeof(Entry)) + 1;
  constexpr Count kEndBytes = 8;
  constexpr Count kEdgeBytes = 16;
  const Count list_bytes = k * (2 * kEntryBytes + kEndBytes);
  const NodeCost cost{3 * row_bytes() + list_bytes, row_bytes() + list_bytes, k * kEdgeBytes};
  Count left = wave_bytes(config_);
  if (left > 0) {  // the ends of all owned nodes are there in every wave
    left = std::max(left - num_rows_ * (k + 1) * kEndBytes, left / 4);
  }
  return plan_waves(shard_, neighborhoods, cost, left);
}

void validate(const KnnConfig& config) {
  if (config.k < 1 || config.k > 1024) {
    fail("knn.k = {}, must be in 1..1024", config.k);
  }
  if (config.refine_rounds < 0 || config.refine_rounds > 10) {
    fail("knn.refine_rounds = {}, must be in 0..10", config.refine_rounds);
  }
  if (config.memory_bytes < 0) {
    fail("knn.memory_bytes = {}, must not be negative", config.memory_bytes);
  }
  if (config.method != "cells" && config.method != "exact" && faiss_factory(config).empty()) {
    fail("knn.method = {}, must be cells, exact or faiss:<index_factory string>", config.method);
  }
}

std::string faiss_factory(const KnnConfig& config) {
  return is_faiss(config) ? config.method.substr(kFaissPrefix.size()) : "";
}

KnnResult build_neighbors(const cells::Shard& shard, const KnnConfig& config) {
  comm::locally(*shard.comm, [&] {
    validate(config);
    require_k(shard, config.k);
  });
  return Builder{shard, config}.build();
}

}  // namespace kith::knn
