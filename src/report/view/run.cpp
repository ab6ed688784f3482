#include "report/view/describe.hpp"

namespace kith::report {

void describe(const JsonFields& json, SeedConflict& conflict) {
  json("seeds", conflict.seeds);
  json("rows", conflict.rows);
  json("given", conflict.given);
}

void describe(const JsonFields& json, SeedConflicts& conflicts) {
  json("vectors", conflicts.vectors);
  json("seeds", conflicts.seeds);
  json("listed", conflicts.listed);
}

void describe(const JsonFields& json, CorpusFile& file) {
  json("path", file.path);
}

void describe(const JsonFields& json, Corpus& corpus) {
  json("items", corpus.items);
  json("dim", corpus.dim);
  json("metric", corpus.metric);
  json("files", corpus.files);
  json("classes", corpus.classes);
  json("seeds", corpus.seeds);
  json.if_present("chosen_seeds", corpus.chosen_seeds);
  json("seeds_per_class", corpus.seeds_per_class);
  json("duplicate_items", corpus.duplicate_items);
  json("seed_conflicts", corpus.seed_conflicts);
  json("warnings", corpus.warnings);
}

void describe(const JsonFields& json, Configuration& configuration) {
  json.all(configuration.options);
}

void describe(const JsonFields& json, Run& run) {
  json("version", run.version);
  json("corpus", run.corpus);
  json("configuration", run.configuration);
}

void describe(const JsonFields& json, Recall& recall) {
  json("recall", recall.recall);
  json("low", recall.low);
  json("high", recall.high);
  json("sampled_nodes", recall.sampled_nodes);
}

void describe(const JsonFields& json, Knn& knn) {
  json("k", knn.k);
  json.if_present("recall", knn.recall);
}

void describe(const JsonFields& json, GraphFacts& graph) {
  json("nodes", graph.nodes);
  json("edges", graph.edges);
  json("components", graph.components);
  json("knn", graph.knn);
}

void describe(const JsonFields& json, OtherGraph& graph) {
  json("name", graph.name);
  json("dataset", graph.dataset);
  json("metric", graph.metric);
  describe(json, static_cast<GraphFacts&>(graph));
}

void describe(const JsonFields& json, Graph& graph) {
  describe(json, static_cast<GraphFacts&>(graph));
  json.if_present("top_labels", graph.top_labels);
  json("others", graph.others);
}

}  // namespace kith::report
