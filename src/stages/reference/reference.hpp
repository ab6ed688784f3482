/// Transfer: labeled items of another corpus, from which heads on corpus.embeddings learn.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "kith/heads/heads.hpp"
#include "kith/qa/class_shares.hpp"
#include "kith/run/workspace.hpp"

namespace kith::stages {

/// What the stage reference leaves: the same on every rank; nothing if no corpus teaches.
struct ReferenceItems {
  std::vector<float> vectors;            // rows x dim, scaled as the corpus's are
  std::vector<heads::SeedLabel> labels;  // by row; what they count beside seeds
};

inline constexpr const char* kReferenceFile = "reference.h5";

/// Collective. items: the same on all ranks.
void write_reference(const run::Workspace& workspace, const ReferenceItems& items);

/// Collective. Makes sure of ReferenceItems, from the stage's file.
void need_reference(run::Workspace& workspace);

/// Puts the items behind the rows that are there. In folds of their own only if no other row can
/// have one: what a head leaves open is then chosen on them, and nothing else is measured on them.
/// Needs ReferenceItems.
void append_reference(const run::Workspace& workspace, heads::TrainingSet& training);

/// Fewer rows leave none out: a fold could have all of a class.
inline constexpr Count kEnoughForFolds = 50;

/// The folds of so many rows where they are in folds of their own; -1 where they are too few.
[[nodiscard]] std::vector<int> own_folds(const run::Workspace& workspace, Count num_rows);

/// Shares of the classes where a reference teaches alone.
struct ReferenceShares {
  std::vector<double> learned;  // K: among its items, by the weight with which they teach
  qa::ClassShares corpus;       // in the corpus
  bool is_calibrated = false;   // heads are as sure as held-out items ask for
};

/// Collective. None where seeds or votes say something, too. Needs WeakNodes.
[[nodiscard]] std::optional<ReferenceShares> shares_by_reference(const run::Workspace& workspace);

/// K sums of weights.
[[nodiscard]] std::vector<double> weights_of_classes(std::span<const heads::SeedLabel> labels,
                                                     int num_classes);
/// The same over their sum.
[[nodiscard]] std::vector<double> shares_of(std::vector<double> weights);

}  // namespace kith::stages
