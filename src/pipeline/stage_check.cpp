// check: one look at all inputs before anything is built on them. check.json holds the census.
#include <algorithm>
#include <numeric>
#include <span>

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/core/error.hpp"
#include "kith/core/log.hpp"
#include "kith/corpus/census.hpp"
#include "kith/io/output_file.hpp"

#include "pipeline/corpus_log.hpp"
#include "pipeline/external_voters.hpp"
#include "pipeline/plan_model.hpp"
#include "pipeline/stage.hpp"
#include "pipeline/stages.hpp"
#include "pipeline/workspace.hpp"

namespace kith::pipeline {
namespace {

/// The first groups, with the first rows of each.
io::Json conflicts_json(const corpus::Corpus& corpus,
                        std::span<const corpus::SeedConflict> conflicts) {
  constexpr std::size_t kListedGroups = 100;
  constexpr std::size_t kListedRows = 10;
  io::Json json;
  json["vectors"] = conflicts.size();
  json["seeds"] = std::accumulate(
      conflicts.begin(), conflicts.end(), Count{0},
      [](Count sum, const corpus::SeedConflict& one) { return sum + count_of(one.given); });
  json["listed"] = io::Json::array();
  for (const corpus::SeedConflict& one :
       conflicts.first(std::min(conflicts.size(), kListedGroups))) {
    io::Json group;
    group["seeds"] = one.given.size();
    group["rows"] = io::Json::array();
    group["given"] = io::Json::array();
    for (std::size_t i = 0; i < std::min(one.given.size(), kListedRows); ++i) {
      group["rows"].push_back(one.given[i].row.value());
      group["given"].push_back(corpus.class_names[to_size(one.given[i].label)]);
    }
    json["listed"].push_back(group);
  }
  return json;
}

io::Json census_facts(const Workspace& workspace, const corpus::Census& census) {
  const corpus::Corpus& corpus = workspace.corpus;
  io::Json facts;
  facts["items"] = corpus.num_items;
  facts["dim"] = corpus.dim;
  facts["type"] = io::to_string(corpus.type);
  facts["metric"] = corpus::to_string(corpus.metric);
  facts["files"] = io::Json::array();
  for (const corpus::FileExtent& file : corpus.files) {
    facts["files"].push_back(
        {{"path", file.path}, {"first_row", file.first_row.value()}, {"rows", file.num_rows}});
  }
  facts["classes"] = corpus.class_names;
  facts["seeds"] = count_of(workspace.seeds);
  facts["seeds_per_class"] = census.seeds_per_class;
  facts["vote_voters"] = corpus.vote_names;
  facts["prob_voters"] = corpus.prob_names;
  facts["zero_vectors"] = census.num_zero_vectors;
  facts["first_zero_vector"] = census.first_zero_vector.is_none()
                                   ? io::Json(nullptr)
                                   : io::Json(census.first_zero_vector.value());
  facts["duplicate_groups"] = census.num_duplicate_groups;
  facts["duplicate_items"] = census.num_duplicate_items;
  facts["largest_duplicate_group"] = census.largest_group;
  facts["distinct_vectors"] = census.num_items - census.num_duplicate_items;
  facts["seed_conflicts"] = conflicts_json(corpus, census.seed_conflicts);
  facts["warnings"] = find_warnings(corpus, census);
  facts["norm_min"] = census.norms.min;
  facts["norm_mean"] = census.norms.mean;
  facts["norm_max"] = census.norms.max;
  facts["norm_quantile_levels"] = corpus::NormSummary::kQuantiles;
  facts["norm_quantiles"] = census.norms.quantiles;
  return facts;
}

corpus::Census take_census(Workspace& workspace) {
  corpus::Census census =
      corpus::take_census(workspace.comm, workspace.corpus, workspace.config.corpus,
                          *workspace.reader, workspace.seeds);
  workspace.duplicates = census.duplicates;
  return census;
}

/// Writes what check.json warns of.
void log_warnings(const io::Json& check_facts) {
  for (const io::Json& warning : check_facts.at("warnings")) {
    log::info("warning: {}", warning.get<std::string>());
  }
}

void do_check(Workspace& workspace) {
  const corpus::Census census = take_census(workspace);
  log::info(
      "stage=check items={} dim={} type={} classes={} seeds={} duplicates={} zero_vectors={} "
      "seed_conflicts={}",
      workspace.corpus.num_items, workspace.corpus.dim, io::to_string(workspace.corpus.type),
      workspace.num_classes(), workspace.seeds.size(), census.num_duplicate_items,
      census.num_zero_vectors, census.seed_conflicts.size());
  const io::Json facts = census_facts(workspace, census);
  log_warnings(facts);
  write_facts(workspace, "check", facts);
}

class CheckStage : public Stage {
 public:
  [[nodiscard]] const StageDescription& description() const override {
    static const StageDescription kDescription{
        .name = "check",
        .stages = {},
        .inputs = {"embeddings", "ids", "seeds", "voter names"},
        .files = {"check.json"},
        .facts = "check.json"};
    return kDescription;
  }
  void run(Workspace& workspace) const override { do_check(workspace); }
  void report_again(const Workspace& workspace) const override {
    log_warnings(read_facts(workspace, name()));
  }
  [[nodiscard]] StagePlan plan(const PlanInput& input, const Rates& rates) const override {
    return plan_check(input, rates);
  }
};

}  // namespace

void need_census(Workspace& workspace) {
  if (!workspace.duplicates) {
    (void)take_census(workspace);
  }
}

const Stage& check_stage() {
  static const CheckStage kStage;
  return kStage;
}

}  // namespace kith::pipeline
