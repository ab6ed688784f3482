/// The vectors that a head looks at: those of the corpus, or others of the same items.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "kith/heads/heads.hpp"
#include "kith/layout/row_exchange.hpp"
#include "kith/run/workspace.hpp"

#include "stages/folds.hpp"

namespace kith::stages {

class HeadVectors {
 public:
  /// Collective. graph: a section [graph.NAME] whose run has its cells, or empty.
  HeadVectors(run::Workspace& shared, const std::string& graph);
  /// Collective. Frees the vectors.
  ~HeadVectors();
  HeadVectors(const HeadVectors&) = delete;
  HeadVectors& operator=(const HeadVectors&) = delete;

  /// Collective. The seeds' vectors with their labels and folds, the same on every rank: one row a
  /// node of shared.folded, in its order. Needs them folded.
  [[nodiscard]] heads::TrainingSet training_set() const;

  [[nodiscard]] Count dim() const { return here().corpus.dim; }
  /// Rows have length 1.
  [[nodiscard]] bool are_unit() const { return here().corpus.metric == corpus::Metric::cosine; }

  /// Collective. Probabilities of the nodes that this rank owns in the shared graph's order, of all
  /// classes or the largest.
  [[nodiscard]] LabelRows<float> predict(const heads::Model& model, int top_labels) const;

 private:
  [[nodiscard]] const run::Workspace& here() const { return other_ ? *other_ : *shared_; }
  [[nodiscard]] std::vector<Position> nodes_of_seeds() const;
  /// Local. Of the nodes that this rank owns among these vectors.
  [[nodiscard]] LabelRows<float> predict_here(const heads::Model& model, int top_labels) const;

  run::Workspace* shared_;
  std::string prototypes_;                 // dataset of class vectors, or empty
  std::unique_ptr<run::Workspace> other_;  // null: the shared vectors
  std::unique_ptr<layout::RowExchange> rows_here_;
  std::unique_ptr<layout::RowExchange> rows_shared_;
};

/// Row of the training set that each entry of `folded` belongs to.
[[nodiscard]] std::vector<std::int32_t> training_rows(std::span<const ensemble::FoldedSeed> folded);

/// What models without a seed's fold say of it. In the order of the seeds; zero where fold < 0.
/// training: of these seeds, perhaps with more behind them.
[[nodiscard]] LabelRows<float> predict_held_out(std::span<const ensemble::FoldedSeed> seeds,
                                                const heads::TrainingSet& training,
                                                std::span<const heads::Model> folds,
                                                int top_labels);

}  // namespace kith::stages
