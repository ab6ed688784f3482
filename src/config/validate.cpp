// What a value alone does not say: values that contradict each other, and what is derived.
#include <algorithm>

#include "kith/config/config.hpp"
#include "kith/core/error.hpp"

namespace kith::config {
namespace {

/// Names of sections become names of folders and of groups in HDF5 files.
void validate_name(const char* section, const std::string& name) {
  constexpr std::size_t kLongest = 100;
  const bool is_plain = std::none_of(name.begin(), name.end(), [](char c) {
    return c == '/' || c == '\\' || static_cast<unsigned char>(c) < ' ';
  });
  if (name.empty() || name.size() > kLongest || !is_plain) {
    fail("[{}.{}]: a name has 1 to {} characters without / and \\", section,
         name.substr(0, kLongest), kLongest);
  }
}

void validate_graphs(const Config& config) {
  for (const GraphSource& graph : config.graphs) {
    if (graph.dataset.empty()) {
      fail("graph.{}.dataset is not set: which vectors are its?", graph.name);
    }
  }
  for (const ensemble::MemberConfig& member : config.ensemble.members) {
    int k = config.knn.k;
    std::string k_key = "knn.k";
    if (!member.graph.empty()) {
      const auto graph =
          std::find_if(config.graphs.begin(), config.graphs.end(),
                       [&](const GraphSource& entry) { return entry.name == member.graph; });
      if (graph == config.graphs.end()) {
        fail("member.{}.graph = {}, but there is no section [graph.{}]", member.name, member.graph,
             member.graph);
      }
      if (graph->k > 0) {
        k = graph->k;
        k_key = fmt::format("graph.{}.k", graph->name);
      }
    }
    if (member.k > k) {
      fail("member.{}.k = {}, but {} = {} neighbors are found", member.name, member.k, k_key, k);
    }
  }
}

}  // namespace

void validate(const Config& config) {
  for (const ensemble::MemberConfig& member : config.ensemble.members) {
    validate_name("member", member.name);
  }
  for (const GraphSource& graph : config.graphs) {
    validate_name("graph", graph.name);
  }
  ensemble::validate(config.ensemble);
  validate_graphs(config);
  if (config.corpus.files.empty()) {
    fail("corpus.files is not set: which HDF5 files hold the corpus?");
  }
  if (config.corpus.labels.empty() && config.corpus.seeds.empty()) {
    fail("neither corpus.labels nor corpus.seeds is set: without a seed nothing can be labeled");
  }
  const std::string& method = config.knn.method;
  if (method != "cells" && method != "exact" && knn::faiss_factory(config.knn).empty()) {
    fail("knn.method = {}, must be one of: cells | exact | faiss:<factory>", method);
  }
  if (config.ensemble.abstain_probability > config.ensemble.auto_probability) {
    fail("ensemble.abstain_probability = {} is above ensemble.auto_probability = {}",
         config.ensemble.abstain_probability, config.ensemble.auto_probability);
  }
}

void complete(Config& config) {
  if (config.ensemble.members.empty()) {
    config.ensemble.members = ensemble::default_members();
  }
  config.cells.seed = config.run.seed;
  config.ensemble.seed = config.run.seed;
}

}  // namespace kith::config
