/// What the stage has so far, as its checkpoint holds it.
#pragma once

#include <cstdint>
#include <vector>

#include "kith/comm/checkpoint.hpp"
#include "kith/comm/communicator.hpp"

#include "cells/quantizer.hpp"

namespace kith::cells {

/// How far the stage is. trained: homes are being found; assigned: all are, and cells may be split;
/// settled: cells and homes are final.
enum class Step { none, trained, assigned, settled };

/// A row that has no home yet; a duplicate never gets one.
constexpr std::int32_t kNoHomeYet = -2;
constexpr std::int32_t kDuplicate = -1;

struct BuildState {
  Step step = Step::none;
  int splits = 0;  // rounds of splitting
  Count sample_items = 0;
  Count split_cells = 0;
  Quantizer quantizer;
  std::vector<std::int32_t> homes;  // of each row of this rank's block: its cell, or as above
};

/// Collective. num_items: of the corpus.
void save(const comm::Communicator& comm, const BuildState& state, Count num_items,
          comm::StateWriter& writer);

/// Collective. For any number of ranks.
[[nodiscard]] BuildState load(const comm::Communicator& comm, Count num_items, Count dim,
                              const comm::StateReader& reader);

}  // namespace kith::cells
