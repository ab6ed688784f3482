/// What the stages of one run hand to each other in memory.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "kith/cells/cells.hpp"
#include "kith/config/config.hpp"
#include "kith/corpus/corpus.hpp"
#include "kith/ensemble/ensemble.hpp"
#include "kith/graph/components.hpp"
#include "kith/graph/graph.hpp"
#include "kith/io/json.hpp"
#include "kith/io/snapshots.hpp"
#include "kith/knn/knn.hpp"
#include "kith/layout/row_exchange.hpp"

namespace kith::pipeline {

/// Filled from front to back; what a stage needs of an earlier one is loaded from the run directory
/// if that stage was done by an earlier process. Facts are the numbers of a stage that later ones
/// report; they lie beside its files and do not depend on ranks.
struct Workspace {
  Workspace(const comm::Communicator& of_run, const config::Config& of_user)
      : comm{of_run}, config{of_user} {}

  const comm::Communicator& comm;
  config::Config config;          // members and options as the number of classes asks for them
  Count memory_bytes = 0;         // run.memory_per_rank
  std::string fingerprint;        // of the stage that is being done
  bool has_other_graphs = false;  // this start has made sure of them

  corpus::Corpus corpus;
  std::vector<corpus::Seed> seeds;
  std::optional<corpus::RowReader> reader;
  std::optional<std::vector<corpus::DuplicateItem>> duplicates;  // of this rank's row block
  std::optional<cells::Shard> shard;
  std::vector<layout::ItemOfNode> items;  // every item whose node this rank owns
  std::optional<NeighborLists> lists;
  std::optional<graph::Graph> graph;
  std::optional<graph::Components> components;
  std::vector<ensemble::FoldedSeed> folded;
  std::vector<ensemble::Member> members;
  std::optional<ensemble::Consensus> consensus;
  std::optional<ensemble::HeldOutPredictions> held_out;

  [[nodiscard]] std::string path(const std::string& name) const {
    return (std::filesystem::path{config.run.directory} / name).string();
  }
  [[nodiscard]] int num_classes() const { return static_cast<int>(corpus.class_names.size()); }
};

/// Collective. Where the stage that is being done keeps what it has so far.
[[nodiscard]] io::Snapshots open_snapshots(const Workspace& workspace, const std::string& stage);

/// Collective. Makes sure that an earlier stage's result is in memory, from its files if need be.
/// need_shard: who owns what; need_vectors: and vectors and centroids, which only knn looks
/// at.
void need_shard(Workspace& workspace);
void need_vectors(Workspace& workspace);
void need_lists(Workspace& workspace);
void need_graph(Workspace& workspace);
void need_members(Workspace& workspace);
void need_consensus(Workspace& workspace);
void need_held_out(Workspace& workspace);

/// Collective. As export_graph(), of a workspace whose stages are done.
void write_graph(Workspace& workspace, const std::string& path);

/// Collective. Writes the numbers of a stage; reads them back on every rank.
void write_facts(const Workspace& workspace, const std::string& stage, const io::Json& facts);
[[nodiscard]] io::Json read_facts(const Workspace& workspace, const std::string& stage);

}  // namespace kith::pipeline
