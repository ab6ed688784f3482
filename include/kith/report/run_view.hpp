/// What report.json says of the corpus, the configuration and the graphs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kith/core/types.hpp"
#include "kith/report/estimates.hpp"

namespace kith::report {

/// Items with one vector and seeds of different classes; rows and given: entry by entry.
struct SeedConflict {
  std::vector<Count> rows;
  std::vector<std::string> given;
  Count seeds = 0;
};

struct SeedConflicts {
  Count vectors = 0;
  Count seeds = 0;
  std::vector<SeedConflict> listed;  // the first of them
};

struct CorpusFile {
  std::string path;
};

struct Corpus {
  Count items = 0;
  Count dim = 0;
  std::string metric;
  std::vector<CorpusFile> files;
  std::vector<std::string> classes;
  Count seeds = 0;
  Count chosen_seeds = 0;  // by a queue, not by chance
  std::vector<Count> seeds_per_class;
  Count duplicate_items = 0;
  SeedConflicts seed_conflicts;
  std::vector<std::string> warnings;
};

/// The options of the run as text, in the order of `kith help`.
struct Configuration {
  std::vector<Named<std::string>> options;
};

struct Run {
  std::string version;
  Corpus corpus;
  Configuration configuration;
};

struct Recall {
  double recall = 0;
  double low = 0;
  double high = 0;
  Count sampled_nodes = 0;
};

struct Knn {
  Count k = 0;
  std::optional<Recall> recall;
};

struct GraphFacts {
  Count nodes = 0;
  Count edges = 0;
  Count components = 0;
  Knn knn;
};

/// A graph of other vectors of the corpus.
struct OtherGraph : GraphFacts {
  std::string name;
  std::string dataset;
  std::string metric;
};

struct Graph : GraphFacts {
  std::optional<Count> top_labels;  // a row of label scores keeps so many; none: all
  std::vector<OtherGraph> others;
};

}  // namespace kith::report
