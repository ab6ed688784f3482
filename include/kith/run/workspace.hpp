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
#include "kith/run/stage.hpp"

namespace kith::run {

/// Filled from front to back; what a stage needs of an earlier one is loaded from the run directory
/// if that stage was done by an earlier process. Facts are the numbers of a stage that later ones
/// report; they lie beside its files and do not depend on ranks.
struct Workspace {
  Workspace(const comm::Communicator& of_run, const StageList& of_program,
            const config::Config& of_user)
      : comm{of_run}, stages{&of_program}, config{of_user} {}

  const comm::Communicator& comm;
  const StageList* stages;
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

/// Collective. What every stage needs of the corpus, short of its vectors.
[[nodiscard]] Workspace open_workspace(const comm::Communicator& comm, const StageList& stages,
                                       const config::Config& config);

/// Collective. Seeds and a reader that keeps the rank's raw rows, so that they are read once.
void open_corpus(Workspace& workspace);

/// Collective. Writes the numbers of a stage; reads them back on every rank.
void write_facts(const Workspace& workspace, const std::string& stage, const io::Json& facts);
[[nodiscard]] io::Json read_facts(const Workspace& workspace, const std::string& stage);

}  // namespace kith::run
