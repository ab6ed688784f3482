// check: one look at all inputs before anything is built on them. check.json holds the census.
#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/core/error.hpp"
#include "kith/core/log.hpp"
#include "kith/corpus/census.hpp"
#include "kith/io/output_file.hpp"

#include "pipeline/outside_voters.hpp"
#include "pipeline/qa_slices.hpp"
#include "pipeline/stages.hpp"
#include "pipeline/workspace.hpp"

namespace kith::pipeline {
namespace {

/// Collective. Outside votes, probabilities and gold are read once, so that what is wrong with them
/// is said here.
void check_voters(const Workspace& workspace) {
  const IdRange<GlobalId> block =
      corpus::rows_of(workspace.corpus.num_items, workspace.comm.rank(), workspace.comm.size());
  comm::locally(workspace.comm, [&] {
    (void)corpus::read_gold(workspace.corpus, workspace.config.corpus, block);
    if (!workspace.corpus.vote_names.empty()) {
      (void)corpus::read_votes(workspace.corpus, workspace.config.corpus, block);
    }
    for (std::size_t voter = 0; voter < workspace.corpus.prob_names.size(); ++voter) {
      (void)corpus::read_probs(workspace.corpus, workspace.config.corpus, static_cast<int>(voter),
                               block);
    }
  });
}

Json census_facts(const Workspace& workspace, const corpus::Census& census) {
  const corpus::Corpus& corpus = workspace.corpus;
  Json facts;
  facts["items"] = corpus.num_items;
  facts["dim"] = corpus.dim;
  facts["type"] = io::to_string(corpus.type);
  facts["metric"] = corpus::to_string(corpus.metric);
  facts["files"] = Json::array();
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
  facts["duplicate_groups"] = census.num_duplicate_groups;
  facts["duplicate_items"] = census.num_duplicate_items;
  facts["largest_duplicate_group"] = census.largest_group;
  facts["distinct_vectors"] = census.num_items - census.num_duplicate_items;
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

}  // namespace

void do_check(Workspace& workspace) {
  check_voters(workspace);
  const corpus::Census census = take_census(workspace);
  log::info("stage=check items={} dim={} type={} classes={} seeds={} duplicates={}",
            workspace.corpus.num_items, workspace.corpus.dim, io::to_string(workspace.corpus.type),
            workspace.num_classes(), workspace.seeds.size(), census.num_duplicate_items);
  write_facts(workspace, Stage::check, census_facts(workspace, census));
}

void check_settings(const Workspace& workspace) {
  comm::locally(workspace.comm, [&] {
    ensemble::validate_prior(workspace.config.ensemble, workspace.num_classes());
  });
  check_voter_names(workspace);
}

void check_groups(const Workspace& workspace) {
  const IdRange<GlobalId> block =
      corpus::rows_of(workspace.corpus.num_items, workspace.comm.rank(), workspace.comm.size());
  for (const std::string& dataset : workspace.config.corpus.slices) {
    (void)read_grouping(workspace.comm, workspace.corpus, dataset, block);
  }
}

void check_neighbors(const Workspace& workspace) {
  const Count distinct = read_facts(workspace, Stage::check).at("distinct_vectors").get<Count>();
  if (workspace.config.knn.k >= distinct) {
    throw comm::CollectiveError{
        fmt::format("knn.k = {}, must be below the number of distinct vectors of the corpus, {}",
                    workspace.config.knn.k, distinct)};
  }
}

void need_census(Workspace& workspace) {
  if (!workspace.duplicates) {
    (void)take_census(workspace);
  }
}

}  // namespace kith::pipeline
