// check: one look at all inputs before anything is built on them. check.json holds the census.
#include <algorithm>
#include <numeric>
#include <span>

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/core/error.hpp"
#include "kith/core/log.hpp"
#include "kith/corpus/census.hpp"
#include "kith/corpus/ledger.hpp"
#include "kith/io/output_file.hpp"
#include "kith/run/stage.hpp"
#include "kith/run/workspace.hpp"

#include "stages/check/check_output.hpp"
#include "stages/list.hpp"
#include "stages/plan_sizes.hpp"

namespace kith::stages {
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

/// What may be wrong with the inputs although a run is possible; each a sentence.
std::vector<std::string> find_warnings(const corpus::Corpus& corpus, const corpus::Census& census) {
  std::vector<std::string> warnings = corpus.notes;
  if (census.num_zero_vectors > 0) {
    warnings.push_back(fmt::format(
        "{} of {} vectors are all zero, the first is {}; rows that were never written read so",
        census.num_zero_vectors, census.num_items,
        corpus.place_of(census.first_zero_vector, corpus.embeddings)));
  }
  if (!census.seed_conflicts.empty()) {
    const std::vector<corpus::GivenLabel>& first = census.seed_conflicts.front().given;
    const auto other = std::find_if(first.begin(), first.end(), [&](const auto& given) {
      return given.label != first.front().label;
    });
    const auto named = [&](const corpus::GivenLabel& given) {
      return fmt::format("row {} \"{}\"", given.row.value(),
                         corpus.class_names[to_size(given.label)]);
    };
    warnings.push_back(
        fmt::format("{} {} equal vectors but seeds of different classes, the first: {} and {}",
                    census.seed_conflicts.size(),
                    census.seed_conflicts.size() == 1 ? "group of rows has" : "groups of rows have",
                    named(first.front()), named(*other)));
  }
  return warnings;
}

/// Collective. Seeds that people were asked for because they tell most: not drawn by chance.
Count count_chosen_seeds(const run::Workspace& workspace) {
  const corpus::CorpusConfig& config = workspace.config.corpus;
  std::vector<Count> chosen{0};
  comm::on_root(workspace.comm, [&] {
    if (config.has_answers) {
      const auto items =
          corpus::reviewed_items(corpus::read_ledger(config.reviews), config.adjudicator);
      chosen[0] = std::count_if(items.begin(), items.end(),
                                [](const auto& item) { return item.is_chosen(); });
    }
  });
  comm::broadcast(workspace.comm, chosen);
  return chosen[0];
}

io::Json census_facts(const run::Workspace& workspace, const corpus::Census& census,
                      Count chosen_seeds) {
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
  facts["chosen_seeds"] = chosen_seeds;
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

corpus::Census take_census(run::Workspace& workspace) {
  corpus::Census census =
      corpus::take_census(workspace.comm, workspace.corpus, workspace.config.corpus,
                          *workspace.reader, workspace.seeds);
  workspace.outputs.put<Duplicates>(census.duplicates);
  return census;
}

/// Collective. Writes what check.json warns of.
void log_warnings(const run::Workspace& workspace) {
  for (const auto& warning : read_fact<std::vector<std::string>>(workspace, "check", "warnings")) {
    log::info("warning: {}", warning);
  }
}

void do_check(run::Workspace& workspace) {
  const corpus::Census census = take_census(workspace);
  log::info(
      "stage=check items={} dim={} type={} classes={} seeds={} duplicates={} zero_vectors={} "
      "seed_conflicts={}",
      workspace.corpus.num_items, workspace.corpus.dim, io::to_string(workspace.corpus.type),
      workspace.num_classes(), workspace.seeds.size(), census.num_duplicate_items,
      census.num_zero_vectors, census.seed_conflicts.size());
  write_facts(workspace, "check", census_facts(workspace, census, count_chosen_seeds(workspace)));
  log_warnings(workspace);
}

using namespace plan_constants;  // NOLINT(google-build-using-namespace)

run::StagePlan plan_check(const run::PlanInput& in, const run::Rates& rates) {
  const Sizes of{in};
  const double look = kReadBlock + of.nodes * kContentHash;
  const double meet = of.nodes * kMeeting;
  run::StagePlan plan{"check", static_cast<Count>(cache_bytes(in, of) + std::max(look, meet)),
                      1 << 12, static_cast<Count>(exchanged(of.items * kHashAndRow, of)), 0};
  plan.seconds =
      (of.items * of.stored_row / rates.read_bytes + of.items * of.dim * kLookAtValue_s) /
          of.ranks +
      of.nodes * kLookAtItem_s + wire_seconds(plan, of, rates);
  return with_common(plan, of, rates);
}

class CheckStage : public run::Stage {
 public:
  [[nodiscard]] const run::StageDescription& description() const override {
    static const run::StageDescription kDescription{
        .name = "check",
        .stages = {},
        .inputs = {"embeddings", "ids", "seeds", "voter names"},
        .files = {"check.json"},
        .facts = "check.json"};
    return kDescription;
  }
  void run(run::Workspace& workspace) const override { do_check(workspace); }
  void report_again(const run::Workspace& workspace) const override { log_warnings(workspace); }
  [[nodiscard]] run::StagePlan plan(const run::PlanInput& input,
                                    const run::Rates& rates) const override {
    return plan_check(input, rates);
  }
};

}  // namespace

void need_census(run::Workspace& workspace) {
  if (!workspace.outputs.has<Duplicates>()) {
    (void)take_census(workspace);
  }
}

const run::Stage& check_stage() {
  static const CheckStage kStage;
  return kStage;
}

}  // namespace kith::stages
