/// All that a user can set. One table (src/config/options.cpp) binds key, field, range, help and
/// the stages that read it; `--help`, the INI file, the dump at start, validation and the stages'
/// fingerprints derive from it.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kith/cells/cells.hpp"
#include "kith/corpus/config.hpp"
#include "kith/ensemble/ensemble.hpp"
#include "kith/graph/graph.hpp"
#include "kith/knn/knn.hpp"
#include "kith/knn/pilot.hpp"
#include "kith/label_model/config.hpp"
#include "kith/qa/config.hpp"

namespace kith::config {

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
  std::string dataset;     // as corpus.embeddings
  std::string prototypes;  // as corpus.prototypes, among these vectors
  std::string metric;      // of corpus::to_string(Metric); empty = corpus.metric
  int k = 0;               // nearest neighbors; 0 = knn.k
};

/// Another corpus, of which labels are known: [reference]. Heads learn from it.
struct ReferenceConfig {
  std::vector<std::string> files;          // as corpus.files; none: there is no reference
  std::string embeddings = "/embeddings";  // as long as the corpus's
  std::string labels;                      // [N] classes; -1 = none
  std::string seeds;                       // or a file, as corpus.seeds
  std::string classes;                     // as corpus.classes; joined with the corpus's by name
  Count items = 20000;                     // labeled ones that are learned from, at most
  double weight = 0;                       // of one beside a seed; 0 = as held-out seeds say
};

/// How people are asked: [review].
struct ReviewConfig {
  double blind_share = 0.2;  // of the questions: without what is predicted
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
  label_model::VotesConfig votes;
  ReferenceConfig reference;
  ReviewConfig review;
};

/// key=value lines of every option, in the table's order, which can be read as an INI file.
[[nodiscard]] std::string to_text(const Config& config);

/// The value of one key; a list as written. Throws Error for an unknown key. One of a section that
/// `config` has not has its default.
[[nodiscard]] std::string value_text(const Config& config, const std::string& key);

/// The keys whose values the result of this stage depends on, with the values as written, in the
/// table's order; not those that only an earlier stage reads.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> values_of_stage(
    const Config& config, std::string_view stage);

/// Throws Error with one sentence if values contradict each other.
void validate(const Config& config);

/// After keys were set: copies what several parts of a configuration hold, and adds the default
/// members if there are none.
void complete(Config& config);

/// Members learn from corpus.votes and corpus.answers, by a label model.
[[nodiscard]] bool learns_from_votes(const Config& config);

/// And nobody has labeled an item of the corpus.
[[nodiscard]] bool rests_on_votes(const Config& config);

/// Heads learn from another corpus.
[[nodiscard]] bool learns_from_reference(const Config& config);

/// Where that corpus is; only if there is one. Vectors are near as the corpus's are.
[[nodiscard]] corpus::CorpusConfig corpus_of_reference(const Config& config);

/// Help for all keys, one a paragraph, with default and range.
[[nodiscard]] std::string help_text();

/// What parse_bytes() reads, for help and messages.
[[nodiscard]] std::string bytes_range();

/// "4GiB", "512MiB", "1000" -> bytes. Throws Error.
[[nodiscard]] Count parse_bytes(std::string_view text);

}  // namespace kith::config
