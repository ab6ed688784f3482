/// What the stages of one run hand to each other in memory.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "kith/comm/agree.hpp"
#include "kith/config/config.hpp"
#include "kith/corpus/corpus.hpp"
#include "kith/io/json.hpp"
#include "kith/io/snapshots.hpp"
#include "kith/run/outputs.hpp"
#include "kith/run/stage.hpp"

namespace kith::run {

/// What a stage needs of an earlier one is loaded from the run directory if that stage was done by
/// an earlier process: a function of that stage, need_..., makes sure of it. Facts are the numbers
/// of a stage that later ones report; they lie beside its files and do not depend on ranks.
struct Workspace {
  Workspace(const comm::Communicator& of_run, const StageList& of_program,
            const config::Config& of_user)
      : comm{of_run}, stages{&of_program}, config{of_user} {}

  const comm::Communicator& comm;
  const StageList* stages;
  config::Config config;    // members and options as the number of classes asks for them
  Count memory_bytes = 0;   // run.memory_per_rank
  std::string fingerprint;  // of the stage that is being done

  corpus::Corpus corpus;
  std::optional<corpus::Corpus> reference;  // in kith run and kith check, if there is one
  std::vector<corpus::Seed> seeds;
  std::optional<corpus::RowReader> reader;
  Outputs outputs;  // of stages

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

/// The file with the numbers of a stage.
[[nodiscard]] std::string facts_path(const Workspace& workspace, const std::string& stage);

/// Collective. Writes the numbers of a stage; reads them back on every rank.
void write_facts(const Workspace& workspace, const std::string& stage, const io::Json& facts);
[[nodiscard]] io::Json read_facts(const Workspace& workspace, const std::string& stage);

/// Collective. One of them. T: what JSON converts to.
template <class T>
[[nodiscard]] T read_fact(const Workspace& workspace, const std::string& stage,
                          const std::string& key) {
  const io::Json facts = read_facts(workspace, stage);
  return comm::locally(workspace.comm, [&] {
    return io::interpret_json(facts_path(workspace, stage),
                              [&] { return facts.at(key).template get<T>(); });
  });
}

}  // namespace kith::run
