/// Which items of a corpus people should be asked about next.
#pragma once

#include <string>
#include <vector>

#include "kith/review/sheet.hpp"
#include "kith/run/workspace.hpp"

namespace kith::stages {

/// What --strategy can be, and what it is if it is not said.
[[nodiscard]] std::string queue_strategies();
inline constexpr const char* kDefaultStrategy = "coverage";

/// Throws Error unless it is one of them, and can choose so many items.
void require_strategy(const std::string& strategy, Count items);

struct QueueRequest {
  Count items = 0;
  std::string strategy;
  std::vector<Count> left_out;  // rows that are not asked about, sorted
  bool has_labels = false;      // of a consensus; else the vectors alone decide
  int number = 1;               // of this queue: each draws anew
};

/// Collective. The questions, the one that tells most first, with what is predicted, short of ids
/// and previews; the same on every rank. Not asked about: seeds, items whose gold label is known,
/// and request.left_out; of equal vectors one. Needs the stages up to ensemble, without labels up
/// to knn. Throws CollectiveError if the strategy needs labels, and there are none.
[[nodiscard]] std::vector<review::Question> draw_queue(run::Workspace& workspace,
                                                       const QueueRequest& request);

}  // namespace kith::stages
