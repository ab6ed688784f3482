/// All that a user can set. One table in config.cpp binds key, field, range, help and stage;
/// `--help`, the INI file, the dump at start, validation and the stages' fingerprints derive from
/// it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kith/cells/cells.hpp"
#include "kith/comm/communicator.hpp"
#include "kith/corpus/config.hpp"
#include "kith/ensemble/ensemble.hpp"
#include "kith/graph/graph.hpp"
#include "kith/knn/knn.hpp"
#include "kith/knn/pilot.hpp"
#include "kith/qa/config.hpp"

namespace kith::pipeline {

/// The stages of `kith run`, in order. A stage depends on all before it, but no graph depends on
/// check.
enum class Stage { check, cells, knn, graph, propagate, ensemble, qa };
inline constexpr int kNumStages = 7;
[[nodiscard]] const char* to_string(Stage stage);

struct RunConfig {
  std::string directory;              // results and what is needed to go on
  std::uint64_t seed = 1;             // of every random choice
  std::string memory_per_rank = "0";  // e.g. 4GiB; 0 = no limit
  int threads = 0;                    // per rank; 0 = OMP_NUM_THREADS or all cores
  double snapshot_minutes = 10;       // least time between snapshots inside a stage
  bool hash_all_input = false;        // for the manifest: all bytes, not a sample of them
};

/// Other vectors of the same items, with a graph of their own: [graph.NAME].
struct GraphSource {
  std::string name;
  std::string dataset;  // as corpus.embeddings
  std::string metric;   // of corpus::to_string(Metric); empty = corpus.metric
  int k = 0;            // nearest neighbors; 0 = knn.k
};

struct Config {
  RunConfig run;
  corpus::CorpusConfig corpus;
  cells::CellConfig cells;
  knn::KnnConfig knn;
  knn::EffortConfig effort;
  int recall_sample = 1000;
  graph::GraphConfig graph;
  std::vector<GraphSource> graphs;
  ensemble::EnsembleConfig ensemble;
  qa::QaConfig qa;
};

/// The command line in its parts.
struct Command {
  std::string name;                    // run, check, config, export, help, ...
  std::vector<std::string> arguments;  // what belongs to the subcommand
  Config config;
  std::string config_path;
  std::string export_path;  // export --graph PATH
  std::string file_path;    // review --file PATH
  std::string gold_path;    // eval --gold PATH
  Count audit_items = 0;    // review export --audit N
};

/// Collective. Rank 0 parses and validates, all get the same. Throws CollectiveError with one
/// sentence.
[[nodiscard]] Command parse_command_line(const comm::Communicator& comm, int argc, char** argv);

/// key=value lines of every option, in the table's order, which can be read as an INI file.
[[nodiscard]] std::string to_text(const Config& config);

/// The value of one key; a list as written. Throws Error for an unknown key. One of a section that
/// `config` has not has its default.
[[nodiscard]] std::string value_text(const Config& config, const std::string& key);

/// The lines of to_text() that a stage's result depends on and no earlier stage's does, short of
/// those of labels_text().
[[nodiscard]] std::string stage_text(const Config& config, Stage stage);

/// The lines of to_text() that say what is known of items: seeds, gold, classes, votes. Only check
/// and what comes after the graph depend on them.
[[nodiscard]] std::string labels_text(const Config& config);

/// Help for all keys, one a paragraph, with default and range.
[[nodiscard]] std::string help_text();

/// What parse_bytes() reads, for help and messages.
[[nodiscard]] std::string bytes_range();

/// "4GiB", "512MiB", "1000" -> bytes. Throws Error.
[[nodiscard]] Count parse_bytes(std::string_view text);

}  // namespace kith::pipeline
