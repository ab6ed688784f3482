#include "stages/heads/head_vectors.hpp"

#include <algorithm>

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/config/graph_source.hpp"
#include "kith/corpus/labels.hpp"
#include "kith/layout/node_maps.hpp"
#include "kith/run/workspace.hpp"

#include "stages/cells/cells_output.hpp"

namespace kith::stages {
namespace {

/// One entry a row of the training set.
std::vector<const ensemble::FoldedSeed*> first_entries(
    std::span<const ensemble::FoldedSeed> folded) {
  std::vector<const ensemble::FoldedSeed*> first;
  for (const ensemble::FoldedSeed& entry : folded) {
    if (first.empty() || first.back()->seed.node != entry.seed.node) {
      first.push_back(&entry);
    }
  }
  return first;
}

/// A row's number among the seeds, and what its owner knows of it.
struct SeedRow {
  Count index;
  GlobalId row;
};

}  // namespace

std::vector<std::int32_t> training_rows(std::span<const ensemble::FoldedSeed> folded) {
  std::vector<std::int32_t> rows;
  for (std::size_t i = 0; i < folded.size(); ++i) {
    const bool is_new = i == 0 || folded[i].seed.node != folded[i - 1].seed.node;
    rows.push_back(rows.empty() ? 0 : rows.back() + (is_new ? 1 : 0));
  }
  return rows;
}

LabelRows<float> predict_held_out(std::span<const ensemble::FoldedSeed> seeds,
                                  const heads::TrainingSet& training,
                                  std::span<const heads::Model> folds, int top_labels) {
  const std::vector<std::int32_t> rows = training_rows(seeds);
  LabelRows<float> all{training.num_classes, top_labels};
  all.resize(seeds.size());
  for (std::size_t fold = 0; fold < folds.size(); ++fold) {
    std::vector<std::size_t> held_out;
    std::vector<float> vectors;
    for (std::size_t i = 0; i < seeds.size(); ++i) {
      if (seeds[i].fold == static_cast<int>(fold)) {
        held_out.push_back(i);
        const auto row = training.row(rows[i]);
        vectors.insert(vectors.end(), row.begin(), row.end());
      }
    }
    LabelRows<float> said{training.num_classes, top_labels};
    said.resize(held_out.size());
    heads::Predictor{folds[fold]}.predict(distance::RowType::f32, std::as_bytes(std::span{vectors}),
                                          said, 0);
    for (std::size_t at = 0; at < held_out.size(); ++at) {
      all.set(held_out[at], said[at]);
    }
  }
  return all;
}

HeadVectors::HeadVectors(run::Workspace& shared, const std::string& graph)
    : shared_{&shared}, prototypes_{shared.config.corpus.prototypes} {
  if (graph.empty()) {
    need_vectors(shared);
    return;
  }
  const config::GraphSource& source = config::graph_source(shared.config, graph);
  prototypes_ = source.prototypes;
  other_ = std::make_unique<run::Workspace>(shared.comm, *shared.stages,
                                            config::config_of_graph(shared.config, source));
  other_->memory_bytes = shared.memory_bytes;
  other_->corpus = corpus::describe(shared.comm, other_->config.corpus);
  other_->reader.emplace(other_->corpus);
  need_vectors(*other_);
  const Count num_items = shared.corpus.num_items;
  rows_here_ =
      std::make_unique<layout::RowExchange>(shared.comm, other_->outputs.get<Items>(), num_items);
  rows_shared_ =
      std::make_unique<layout::RowExchange>(shared.comm, shared.outputs.get<Items>(), num_items);
}

HeadVectors::~HeadVectors() {
  (other_ ? *other_ : *shared_).outputs.get<cells::Shard>().vectors = {};
}

std::vector<Position> HeadVectors::nodes_of_seeds() const {
  const FoldedSeeds entries = training_entries(*shared_);
  const auto first = first_entries(entries);
  std::vector<Position> nodes;
  for (const ensemble::FoldedSeed* entry : first) {
    nodes.push_back(entry->seed.node);
  }
  if (!other_) {
    return nodes;
  }
  const IdRange<Position> owned = owned_nodes(*shared_);
  std::vector<SeedRow> mine;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (owned.contains(nodes[i])) {
      const auto local = to_size(nodes[i].value() - owned.begin.value());
      mine.push_back({static_cast<Count>(i), shared_->outputs.get<cells::Shard>().rows[local]});
    }
  }
  std::vector<SeedRow> by_row = comm::gather_to_all<SeedRow>(shared_->comm, mine).items;
  std::sort(by_row.begin(), by_row.end(),
            [](const SeedRow& a, const SeedRow& b) { return a.row < b.row; });
  std::vector<corpus::Seed> seeds;
  for (const SeedRow& seed : by_row) {
    seeds.push_back({seed.row, Label{0}});
  }
  const auto here = layout::seeds_on_nodes(other_->outputs.get<cells::Shard>(),
                                           other_->outputs.get<Items>(), seeds);
  for (std::size_t at = 0; at < here.size(); ++at) {
    nodes[to_size(by_row[at].index)] = here[at].node;
  }
  return nodes;
}

heads::TrainingSet HeadVectors::training_set() const {
  const run::Workspace& from = here();
  const IdRange<Position> owned = owned_nodes(from);
  const std::vector<Position> nodes = nodes_of_seeds();
  const cells::Vectors& vectors = from.outputs.get<cells::Shard>().vectors;
  const Count dim = from.corpus.dim;
  std::vector<Count> indices;
  std::vector<float> mine;
  std::vector<float> scratch;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (owned.contains(nodes[i])) {
      const auto row = vectors.floats(nodes[i].value() - owned.begin.value(), 1, scratch);
      indices.push_back(static_cast<Count>(i));
      mine.insert(mine.end(), row.begin(), row.end());
    }
  }
  const auto all_indices = comm::gather_to_all<Count>(from.comm, indices).items;
  const auto all_vectors = comm::gather_to_all<float>(from.comm, mine).items;
  heads::TrainingSet training;
  training.dim = dim;
  training.num_classes = shared_->num_classes();
  training.vectors.resize(nodes.size() * to_size(dim));
  for (std::size_t at = 0; at < all_indices.size(); ++at) {
    std::copy_n(all_vectors.begin() + static_cast<Count>(at) * dim, dim,
                training.vectors.begin() + all_indices[at] * dim);
  }
  training.class_vectors = corpus::read_prototypes(from.comm, from.corpus, prototypes_);
  const FoldedSeeds entries = training_entries(*shared_);
  const std::vector<std::int32_t> rows = training_rows(entries);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const propagate::NodeSeed& seed = entries[i].seed;
    training.labels.push_back({rows[i], seed.label, seed.weight});
  }
  for (const ensemble::FoldedSeed* entry : first_entries(entries)) {
    training.folds.push_back(entry->fold);
  }
  return training;
}

LabelRows<float> HeadVectors::predict_here(const heads::Model& model, int top_labels) const {
  constexpr Count kBlock = 16384;
  const heads::Predictor predictor{model};
  const cells::Vectors& vectors = here().outputs.get<cells::Shard>().vectors;
  LabelRows<float> rows{model.num_classes, top_labels};
  rows.resize(to_size(vectors.size()));
  for (Count begin = 0; begin < vectors.size(); begin += kBlock) {
    const Count count = std::min(kBlock, vectors.size() - begin);
    predictor.predict(vectors.type(),
                      vectors.bytes().subspan(to_size(begin * vectors.row_bytes()),
                                              to_size(count * vectors.row_bytes())),
                      rows, to_size(begin));
  }
  return rows;
}

LabelRows<float> HeadVectors::predict(const heads::Model& model, int top_labels) const {
  LabelRows<float> rows =
      comm::locally(here().comm, [&] { return predict_here(model, top_labels); });
  if (!other_) {
    return rows;
  }
  const Count num_nodes = owned_nodes(*shared_).size();
  const auto to_shared = [&](auto& values, Count width) {
    using T = typename std::remove_reference_t<decltype(values)>::value_type;
    values = rows_shared_->to_nodes<T>(rows_here_->to_rows<T>(values, width), num_nodes, width);
  };
  to_shared(rows.values, rows.width);
  if (!rows.is_dense()) {
    to_shared(rows.labels, rows.width);
    to_shared(rows.other, 1);
  }
  return rows;
}

}  // namespace kith::stages
