#include "stages/ensemble/external_voters.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/core/error.hpp"
#include "kith/core/log.hpp"
#include "kith/core/quote.hpp"

#include "stages/cells/cells_output.hpp"
#include "stages/ensemble/label_model_voter.hpp"
#include "stages/graph/graph_output.hpp"
#include "stages/heads/heads.hpp"
#include "stages/label_model/weak_seeds.hpp"
#include "stages/propagate/propagate_output.hpp"

namespace kith::stages {
namespace {

constexpr const char* kLabelModel = "label_model";  // as a voter

/// Rows of this workspace's form, empty ones.
LabelRows<float> make_rows(const run::Workspace& workspace, std::size_t size) {
  const int num_classes = workspace.num_classes();
  LabelRows<float> rows{num_classes, ensemble::labels_kept(workspace.config.ensemble, num_classes)};
  rows.resize(size);
  return rows;
}

/// Votes of one voter as one-hot rows; nothing where it abstains.
LabelRows<float> one_hot(const run::Workspace& workspace, std::span<const std::int32_t> votes,
                         std::size_t voter, std::size_t num_voters) {
  LabelRows<float> rows = make_rows(workspace, votes.size() / num_voters);
  const float one = 1;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Label vote{votes[i * num_voters + voter]};
    if (vote.value() < 0) {
      continue;
    }
    if (rows.is_dense()) {
      rows.values[i * to_size(rows.width) + to_size(vote)] = one;
    } else {
      rows.set(i, {std::span{&one, 1}, std::span{&vote, 1}, 0.0F, rows.num_classes});
    }
  }
  return rows;
}

/// Probabilities of one voter for this rank's block, a slice of the rows at a time. Local.
LabelRows<float> read_rows(const run::Workspace& workspace, int voter, IdRange<GlobalId> block) {
  constexpr Count kSliceValues = Count{1} << 24;
  const Count slice = std::max<Count>(1, kSliceValues / workspace.num_classes());
  LabelRows<float> rows = make_rows(workspace, to_size(block.size()));
  ensemble::Candidates columns{workspace.num_classes()};
  std::vector<double> one(columns.width());
  for (Count begin = 0; begin < block.size(); begin += slice) {
    const Count end = std::min(block.size(), begin + slice);
    const auto of_slice = LabelRows<float>::dense(
        workspace.num_classes(),
        corpus::read_probs(
            workspace.corpus, workspace.config.corpus, voter,
            {GlobalId{block.begin.value() + begin}, GlobalId{block.begin.value() + end}}));
    for (Count row = begin; row < end; ++row) {
      const LabelRow<float> read = of_slice[to_size(row - begin)];
      const bool abstains =
          std::all_of(read.values.begin(), read.values.end(), [](float p) { return p == 0.0F; });
      if (!abstains) {
        columns.spread(read, one);
        columns.store(one, to_size(row), rows);
      }
    }
  }
  return rows;
}

/// Collective. From this rank's block of rows to its nodes.
LabelRows<float> to_nodes(const run::Workspace& workspace, const layout::RowExchange& exchange,
                          const LabelRows<float>& rows) {
  const Count num_nodes = workspace.outputs.get<graph::Graph>().num_owned();
  LabelRows<float> nodes = make_rows(workspace, 0);
  nodes.values = exchange.to_nodes<float>(rows.values, num_nodes, rows.width);
  if (!rows.is_dense()) {
    nodes.labels = exchange.to_nodes<Label>(rows.labels, num_nodes, rows.width);
    nodes.other = exchange.to_nodes<float>(rows.other, num_nodes);
  }
  return nodes;
}

/// Collective. Scores on the nodes of the seeds, the same on every rank.
LabelRows<float> scores_of_seeds(const run::Workspace& workspace, const LabelRows<float>& scores) {
  const graph::Graph& graph = workspace.outputs.get<graph::Graph>();
  std::vector<Count> entries;
  LabelRows<float> mine = make_rows(workspace, 0);
  const FoldedSeeds& seeds = workspace.outputs.get<FoldedSeeds>();
  for (std::size_t i = 0; i < seeds.size(); ++i) {
    const Position node = seeds[i].seed.node;
    if (graph.owned().contains(node)) {
      entries.push_back(static_cast<Count>(i));
      mine.append(scores[to_size(graph.local_id(node))]);
    }
  }
  const auto all_entries = comm::gather_to_all<Count>(workspace.comm, entries).items;
  LabelRows<float> all = make_rows(workspace, 0);
  all.values = comm::gather_to_all<float>(workspace.comm, mine.values).items;
  all.labels = comm::gather_to_all<Label>(workspace.comm, mine.labels).items;
  all.other = comm::gather_to_all<float>(workspace.comm, mine.other).items;
  LabelRows<float> on_seeds = make_rows(workspace, seeds.size());
  for (std::size_t at = 0; at < all_entries.size(); ++at) {
    on_seeds.set(to_size(all_entries[at]), all[at]);
  }
  return on_seeds;
}

/// Collective. scores: of owned nodes.
void append_member(run::Workspace& workspace, std::string name, ensemble::Source source,
                   double weight, LabelRows<float> scores) {
  ensemble::ExternalVoter voter;
  voter.name = std::move(name);
  voter.source = source;
  voter.scores = std::move(scores);
  voter.on_seeds = scores_of_seeds(workspace, voter.scores);
  workspace.outputs.get<Members>().push_back(ensemble::external_member(
      std::move(voter), workspace.outputs.get<FoldedSeeds>(), workspace.num_classes(), weight));
}

/// Where the label model is a voter: for votes whose worth nobody knows, since nothing is labeled,
/// and for annotators, who are too many to be voters themselves.
bool is_voter(const config::Config& config) {
  return config::rests_on_votes(config) ||
         (config::learns_from_votes(config) && !config.corpus.answers.empty());
}

/// Collective. Of the label model in the consensus of a run without seeds. scores: what it says.
double weight_without_seeds(const run::Workspace& workspace, const LabelRows<float>& scores) {
  const auto agreement = agreement_with_heads(workspace, scores);
  if (!agreement) {
    return 0;
  }
  const double weight = weight_beside_members(*agreement, workspace.num_classes()) *
                        ensemble::total_weight(workspace.outputs.get<Members>());
  log::info("stage=ensemble label_model_agrees_with_heads={:.4f} it_expects={:.4f} weight={:.4f}",
            agreement->with_heads, agreement->expected_accuracy, weight);
  return weight;
}

/// Collective.
void append_label_model(run::Workspace& workspace, const layout::RowExchange& exchange,
                        const VotesReport& report) {
  LabelRows<float> rows = make_rows(workspace, to_size(exchange.block().size()));
  write_posteriors(workspace, report, exchange.block(), rows);
  LabelRows<float> scores = to_nodes(workspace, exchange, rows);
  const double weight = config::rests_on_votes(workspace.config)
                            ? weight_without_seeds(workspace, scores)
                            : workspace.config.ensemble.outside_weight;
  append_member(workspace, kLabelModel, ensemble::Source::label_model, weight, std::move(scores));
}

}  // namespace

void check_voter_names(const run::Workspace& workspace) {
  comm::locally(workspace.comm, [&] {
    std::set<std::string> names;
    for (const ensemble::MemberConfig& member : workspace.config.ensemble.members) {
      names.insert(member.name);
    }
    const auto insert = [&](const std::string& key, const std::string& dataset,
                            const std::string& name) {
      if (!names.insert(name).second) {
        fail("{} = {}: its voter {} has the name of another voter or member", key, dataset,
             quote(name));
      }
    };
    if (is_voter(workspace.config) && !names.insert(kLabelModel).second) {
      fail("member.{}: has the name of the voter that speaks for the label model", kLabelModel);
    }
    for (const std::string& name : workspace.corpus.vote_names) {
      insert("corpus.votes", workspace.config.corpus.votes, name);
    }
    for (const std::string& name : workspace.corpus.prob_names) {
      insert("corpus.probs", workspace.config.corpus.probs, name);
    }
    const std::vector<std::string>& known = workspace.corpus.prob_names;
    for (const ensemble::MemberConfig& member : workspace.config.ensemble.members) {
      if (!member.voter.empty() && find_head(workspace.config, member.voter) == nullptr &&
          std::find(known.begin(), known.end(), member.voter) == known.end()) {
        fail("member.{}.voter = {}, which is no head of the ensemble, and {}", member.name,
             member.voter,
             known.empty() ? std::string{"corpus.probs names no voters"}
                           : fmt::format("corpus.probs has {}", fmt::join(known, ", ")));
      }
    }
  });
}

std::vector<float> voter_on_nodes(const run::Workspace& workspace, const std::string& name) {
  const std::vector<std::string>& known = workspace.corpus.prob_names;
  const auto voter = std::find(known.begin(), known.end(), name) - known.begin();
  const layout::RowExchange exchange{workspace.comm, workspace.outputs.get<Items>(),
                                     workspace.corpus.num_items};
  const auto rows = comm::locally(workspace.comm, [&] {
    return corpus::read_probs(workspace.corpus, workspace.config.corpus, static_cast<int>(voter),
                              exchange.block());
  });
  return exchange.to_nodes<float>(rows, workspace.outputs.get<graph::Graph>().num_owned(),
                                  workspace.num_classes());
}

void append_external_voters(run::Workspace& workspace) {
  const corpus::Corpus& corpus = workspace.corpus;
  if (corpus.vote_names.empty() && corpus.prob_names.empty() &&
      workspace.config.corpus.answers.empty()) {
    return;
  }
  check_voter_names(workspace);
  const config::Config& config = workspace.config;
  const double weight = config.ensemble.outside_weight;
  const bool rests_on_votes = config::rests_on_votes(config);
  const layout::RowExchange exchange{workspace.comm, workspace.outputs.get<Items>(),
                                     corpus.num_items};
  const auto votes = comm::locally(workspace.comm, [&] {
    return corpus::read_votes(corpus, workspace.config.corpus, exchange.block());
  });
  for (std::size_t voter = 0; voter < corpus.vote_names.size(); ++voter) {
    append_member(
        workspace, corpus.vote_names[voter], ensemble::Source::votes, rests_on_votes ? 0 : weight,
        to_nodes(workspace, exchange, one_hot(workspace, votes, voter, corpus.vote_names.size())));
  }
  if (is_voter(config)) {
    if (const std::optional<VotesReport>& report = need_votes_report(workspace)) {
      append_label_model(workspace, exchange, *report);
    }
  }
  for (std::size_t voter = 0; voter < corpus.prob_names.size(); ++voter) {
    const auto rows = comm::locally(workspace.comm, [&] {
      return read_rows(workspace, static_cast<int>(voter), exchange.block());
    });
    append_member(workspace, corpus.prob_names[voter], ensemble::Source::probabilities, weight,
                  to_nodes(workspace, exchange, rows));
  }
}

}  // namespace kith::stages
