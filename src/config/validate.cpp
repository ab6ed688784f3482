// What a value alone does not say: values that contradict each other, and what is derived.
#include <algorithm>
#include <utility>

#include "kith/config/config.hpp"
#include "kith/core/error.hpp"

namespace kith::config {
namespace {

/// A head that has its part in a reference, whose vectors are of this kind.
bool learns_from_shared_vectors(const ensemble::MemberConfig& member) {
  return member.head != nullptr && member.graph.empty();
}

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

/// What is said of a reference that is not there would be ignored.
void validate_reference(const Config& config) {
  const ReferenceConfig& reference = config.reference;
  if (!learns_from_reference(config)) {
    for (const auto& [key, value] :
         {std::pair{"labels", &reference.labels}, std::pair{"seeds", &reference.seeds},
          std::pair{"classes", &reference.classes}}) {
      if (!value->empty()) {
        fail("reference.{} = {}, but reference.files is not set", key, *value);
      }
    }
    const ReferenceConfig none;
    if (reference.embeddings != none.embeddings || reference.items != none.items ||
        reference.weight != none.weight) {
      fail("a key of [reference] is set, but reference.files is not");
    }
    return;
  }
  if (reference.labels.empty() == reference.seeds.empty()) {
    fail("reference.labels and reference.seeds: one of them must say what is known of {}",
         reference.files.front());
  }
  const auto& members = config.ensemble.members;
  const bool is_used = std::any_of(members.begin(), members.end(), learns_from_shared_vectors);
  if (!is_used) {
    fail(
        "reference.files is set, but no member is a head on corpus.embeddings, which learns from "
        "it");
  }
}

/// The class vectors among the vectors that a head looks at, or nothing.
const std::string& class_vectors_of(const Config& config, const ensemble::MemberConfig& member) {
  const auto graph =
      std::find_if(config.graphs.begin(), config.graphs.end(),
                   [&](const GraphSource& entry) { return entry.name == member.graph; });
  return graph == config.graphs.end() ? config.corpus.prototypes : graph->prototypes;
}

/// Without seeds shares are what the user says.
void validate_seedless_shares(const Config& all) {
  const ensemble::EnsembleConfig& config = all.ensemble;
  const bool estimates_shares = learns_from_reference(all) && !learns_from_votes(all);
  if (config.prior == "seeds") {
    fail("ensemble.prior = seeds, but neither corpus.labels nor corpus.seeds is set");
  }
  const bool aims_at_shares =
      config.class_mass != ensemble::ClassMass::none ||
      std::any_of(config.members.begin(), config.members.end(), [](const auto& member) {
        return member.class_mass != ensemble::ClassMass::none;
      });
  if (aims_at_shares && config.prior == "estimated" && !estimates_shares) {
    fail(
        "class_mass aims at the classes' shares, which nobody knows without seeds: set "
        "ensemble.prior to uniform or to the shares");
  }
}

/// Without seeds members must do with class vectors or with a voter.
void validate_seedless(const Config& config) {
  if (config.ensemble.members == ensemble::default_members()) {
    if (!config.corpus.reviews.empty()) {
      fail(
          "corpus.reviews = {}: has no label yet, and nothing else says what the classes are: kith "
          "review export --queue N asks people for the first labels",
          config.corpus.reviews);
    }
    fail(
        "neither corpus.labels nor corpus.seeds is set: without seeds something else must say what "
        "the classes are: corpus.votes (of rules or models), corpus.prototypes (class vectors), "
        "reference.files (another corpus with labels), or a [member.NAME] with method = smooth and "
        "voter = one of corpus.probs");
  }
  for (const ensemble::MemberConfig& member : config.ensemble.members) {
    if (learns_from_reference(config) && learns_from_shared_vectors(member)) {
      continue;
    }
    const bool takes_class_vectors =
        member.head != nullptr && member.head->facts().takes_class_vectors;
    const bool needs_seeds = member.head != nullptr ? !takes_class_vectors
                                                    : !member.solver.method->facts().needs_no_seeds;
    if (needs_seeds) {
      fail("member.{}.method = {}, which needs seeds: set corpus.seeds or corpus.labels",
           member.name,
           member.head != nullptr ? member.head->name() : member.solver.method->name());
    }
    if (takes_class_vectors && class_vectors_of(config, member).empty()) {
      fail("member.{}.method = {}, which needs seeds or class vectors, and its vectors have none",
           member.name, member.head->name());
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
  validate_reference(config);
  if (!config.corpus.has_seeds() && !learns_from_votes(config)) {
    validate_seedless(config);
  }
  if (!config.corpus.has_seeds()) {
    validate_seedless_shares(config);
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

bool learns_from_reference(const Config& config) {
  return !config.reference.files.empty();
}

corpus::CorpusConfig corpus_of_reference(const Config& config) {
  const ReferenceConfig& reference = config.reference;
  corpus::CorpusConfig other;
  other.files = reference.files;
  other.embeddings = reference.embeddings;
  other.labels = reference.labels;
  other.seeds = reference.seeds;
  other.classes = reference.classes;
  other.metric = config.corpus.metric;
  other.soft_seeds = config.corpus.soft_seeds;
  other.allow_missing_classes = true;
  other.is_no_input = config.corpus.is_no_input;
  return other;
}

bool learns_from_votes(const Config& config) {
  const bool has_votes = !config.corpus.votes.empty() || !config.corpus.answers.empty();
  return has_votes && config.votes.weak_seeds > 0;
}

bool rests_on_votes(const Config& config) {
  return !config.corpus.has_seeds() && learns_from_votes(config);
}

namespace {

std::vector<ensemble::MemberConfig> default_members(const Config& config) {
  if (config.corpus.has_seeds()) {
    return ensemble::default_members();
  }
  if (learns_from_votes(config)) {
    return ensemble::weak_members();
  }
  if (learns_from_reference(config)) {
    return ensemble::reference_members();
  }
  return config.corpus.prototypes.empty() ? ensemble::default_members()
                                          : ensemble::seedless_members();
}

}  // namespace

void complete(Config& config) {
  if (config.ensemble.members.empty()) {
    config.ensemble.members = default_members(config);
  }
  config.cells.seed = config.run.seed;
  config.ensemble.seed = config.run.seed;
}

}  // namespace kith::config
