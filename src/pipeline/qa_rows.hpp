/// The columns of a finished run that statistics need.
#pragma once

#include <vector>

#include "pipeline/workspace.hpp"

namespace kith::pipeline {

/// Of this rank's block of rows: duplicates count as items of their own.
struct QaRows {
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
};

/// Collective.
[[nodiscard]] QaRows collect_rows(const Workspace& workspace);

/// Most probable class of each row, -1 where there is none or a seed gives it.
[[nodiscard]] std::vector<std::int32_t> unseeded_best(const QaRows& rows);

}  // namespace kith::pipeline
