/// The results of a small run, made by hand.
#pragma once

#include <vector>

#include "kith/statistics/run_results.hpp"

#include "support/mpi_world.hpp"

namespace kith::test {

/// Items in a ring, two a rank and two more, of two classes in turn; each item is a node, near the
/// two that follow it. Items 0 and 1 are seeds, all others have gold labels. Two members: one of
/// the graph that is right on all, and one voter that abstains on every third item.
class MadeRun {
 public:
  explicit MadeRun(bool has_audit = false);

  [[nodiscard]] const statistics::RunResults& results() const { return results_; }

 private:
  [[nodiscard]] statistics::ItemColumns make_columns() const;
  [[nodiscard]] std::vector<layout::ItemOfNode> nodes() const;

  Count num_items_;
  IdRange<GlobalId> block_;
  corpus::Corpus corpus_;
  corpus::CorpusConfig corpus_config_;
  qa::QaConfig config_;
  std::vector<corpus::Seed> seeds_;
  std::vector<ensemble::Member> members_;
  ensemble::Consensus consensus_;
  ensemble::HeldOutPredictions held_out_;
  cells::CellLayout cells_;
  NeighborLists lists_;
  layout::RowExchange exchange_;
  statistics::RunResults results_;
};

}  // namespace kith::test
