/// What is stated of rows: of their nodes, except that a seed has the label that it was given.
#pragma once

#include <cstdint>
#include <vector>

#include "kith/layout/row_exchange.hpp"
#include "kith/run/workspace.hpp"

namespace kith::stages {

/// Of the rows of this rank's block, as labels.h5 has them.
struct RowLabels {
  std::vector<std::int32_t> label;  // stated, -1 = none
  std::vector<std::int32_t> best;   // most probable class whatever the status, -1 = none
  std::vector<float> probability;   // of a seed: the share of its label among those of its vector
  std::vector<std::uint8_t> status;
  std::vector<Count> duplicate_of;  // row with the same vector, -1 = the row speaks for itself
};

/// Collective. One row speaks for each vector: the first of its seeds that has the node's label, or
/// the first row if none is a seed. The others are duplicates of it, seeds only by duplicate_of.
[[nodiscard]] RowLabels label_rows(const run::Workspace& workspace,
                                   const layout::RowExchange& exchange);

}  // namespace kith::stages
