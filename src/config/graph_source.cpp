#include "kith/config/graph_source.hpp"

#include <algorithm>
#include <filesystem>

namespace kith::config {
namespace {

corpus::Metric metric_of(const GraphSource& source, corpus::Metric shared) {
  for (const auto metric :
       {corpus::Metric::l2, corpus::Metric::cosine, corpus::Metric::inner_product}) {
    if (source.metric == corpus::to_string(metric)) {
      return metric;
    }
  }
  return shared;
}

}  // namespace

bool is_used(const Config& config, const GraphSource& source) {
  return std::any_of(
      config.ensemble.members.begin(), config.ensemble.members.end(),
      [&](const ensemble::MemberConfig& member) { return member.graph == source.name; });
}

const GraphSource& graph_source(const Config& config, const std::string& name) {
  return *std::find_if(config.graphs.begin(), config.graphs.end(),
                       [&](const GraphSource& source) { return source.name == name; });
}

Config config_of_graph(const Config& config, const GraphSource& source) {
  Config other = config;
  other.run.directory =
      (std::filesystem::path{config.run.directory} / "graphs" / source.name).string();
  other.corpus.embeddings = source.dataset;
  other.corpus.prototypes.clear();  // its heads are members of this run
  other.corpus.metric = metric_of(source, config.corpus.metric);
  other.knn.k = source.k > 0 ? source.k : config.knn.k;
  other.graphs.clear();
  other.corpus.slices.clear();  // they are looked at once
  other.votes.weak_seeds = 0;   // votes teach in this run
  other.reference = {};         // and so does a reference
  return other;
}

}  // namespace kith::config
