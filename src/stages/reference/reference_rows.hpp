/// Which items of a reference are learned from, and their vectors.
#pragma once

#include <vector>

#include "kith/core/types.hpp"
#include "kith/heads/heads.hpp"
#include "kith/run/workspace.hpp"

namespace kith::stages {

/// The same on every rank.
struct ReferenceRows {
  std::vector<float> vectors;            // rows x dim, scaled as the corpus's are
  std::vector<heads::SeedLabel> labels;  // by row, of the corpus's classes
  Count num_labeled = 0;                 // items of the reference with a label
  Count num_known = 0;                   // of them, those with a class of the corpus
};

/// Collective. At most reference.items of the items with a label, of a class that the corpus has,
/// in the order of the reference: chosen by the hash of their rows, the same on any number of
/// ranks. Each rank reads its share of labels and vectors. Throws CollectiveError, also if there is
/// no such item.
[[nodiscard]] ReferenceRows read_reference_rows(const run::Workspace& workspace);

/// Collective. Vectors of at most `wanted` items of the corpus, drawn at random, by row; the same
/// on every rank.
[[nodiscard]] std::vector<float> sample_corpus(const run::Workspace& workspace, Count wanted);

}  // namespace kith::stages
