/// What statistics are computed from: the results of a run.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "kith/cells/layout.hpp"
#include "kith/comm/communicator.hpp"
#include "kith/corpus/corpus.hpp"
#include "kith/ensemble/ensemble.hpp"
#include "kith/knn/knn.hpp"
#include "kith/layout/row_exchange.hpp"
#include "kith/qa/config.hpp"
#include "kith/review/audit_file.hpp"

namespace kith::statistics {

/// Columns of this rank's block of rows: duplicates count as items of their own.
struct ItemColumns {
  IdRange<GlobalId> block;
  std::vector<std::int32_t> votes;  // rows x members, -1 = abstains
  std::vector<std::int32_t> label;  // stated, -1 = none
  std::vector<std::int32_t> best;   // most probable class whatever the status, -1 = none
  std::vector<std::uint8_t> status;
  std::vector<float> probability;
  std::vector<float> vote_entropy;
  std::vector<float> bald;
  std::vector<float> margin;
  std::vector<Label> gold;  // none where unknown or a seed; empty if no gold is configured

  [[nodiscard]] std::size_t size() const { return best.size(); }
  [[nodiscard]] bool is(std::size_t row, ensemble::Status wanted) const {
    return status[row] == static_cast<std::uint8_t>(wanted);
  }
  /// Most probable class of a row, -1 where there is none or a seed gives it.
  [[nodiscard]] std::int32_t unseeded_best(std::size_t row) const {
    return is(row, ensemble::Status::seed) ? -1 : best[row];
  }
};

/// Everything outlives the statistics. Of this rank are the columns, the neighbor lists and the
/// consensus; all else is the same on every rank.
struct RunResults {
  const comm::Communicator& comm;
  const corpus::Corpus& corpus;
  const corpus::CorpusConfig& corpus_config;
  const qa::QaConfig& config;
  std::uint64_t seed;  // of every random choice

  std::span<const corpus::Seed> seeds;
  std::span<const ensemble::Member> members;
  const ensemble::Consensus& consensus;
  const ensemble::HeldOutPredictions& held_out;
  std::vector<Count> held_out_rows;  // of the corpus, in the order of held_out

  const cells::CellLayout& cells;
  const NeighborLists& lists;
  const layout::RowExchange& exchange;  // from nodes to rows
  ItemColumns items;
  std::optional<review::Audit> audit;

  [[nodiscard]] int num_classes() const { return corpus.num_classes(); }
};

}  // namespace kith::statistics
