#include "pipeline/outside_voters.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/core/error.hpp"

namespace kith::pipeline {
namespace {

/// Votes of one voter as one-hot rows; zeros where it abstains.
std::vector<float> one_hot(std::span<const std::int16_t> votes, std::size_t voter,
                           std::size_t num_voters, std::size_t num_classes) {
  std::vector<float> rows(votes.size() / num_voters * num_classes, 0.0F);
  for (std::size_t i = 0; i * num_voters < votes.size(); ++i) {
    const std::int16_t vote = votes[i * num_voters + voter];
    if (vote >= 0) {
      rows[i * num_classes + to_size(vote)] = 1.0F;
    }
  }
  return rows;
}

/// Collective. Scores on the nodes of the seeds, the same on every rank.
std::vector<float> scores_of_seeds(const Workspace& workspace, std::span<const float> scores) {
  const auto width = to_size(workspace.num_classes());
  const graph::Graph& graph = *workspace.graph;
  std::vector<Count> entries;
  std::vector<float> values;
  for (std::size_t i = 0; i < workspace.folded.size(); ++i) {
    const Position node = workspace.folded[i].seed.node;
    if (graph.owned().contains(node)) {
      const auto row = scores.subspan(to_size(graph.local_id(node)) * width, width);
      entries.push_back(static_cast<Count>(i));
      values.insert(values.end(), row.begin(), row.end());
    }
  }
  const auto all_entries = comm::gather_to_all<Count>(workspace.comm, entries).items;
  const auto all_values = comm::gather_to_all<float>(workspace.comm, values).items;
  std::vector<float> on_seeds(workspace.folded.size() * width, 0.0F);
  for (std::size_t at = 0; at < all_entries.size(); ++at) {
    std::copy_n(all_values.begin() + static_cast<Count>(at * width), width,
                on_seeds.begin() + all_entries[at] * static_cast<Count>(width));
  }
  return on_seeds;
}

/// Collective. rows: scores of this rank's block.
void append_member(Workspace& workspace, const RowExchange& exchange, std::string name,
                   ensemble::Source source, std::span<const float> rows) {
  const Count num_classes = workspace.num_classes();
  ensemble::OutsideVoter voter;
  voter.name = std::move(name);
  voter.source = source;
  voter.scores = exchange.to_nodes<float>(rows, workspace.graph->num_owned(), num_classes);
  voter.on_seeds = scores_of_seeds(workspace, voter.scores);
  workspace.members.push_back(ensemble::outside_member(std::move(voter), workspace.folded,
                                                       workspace.num_classes(),
                                                       workspace.config.ensemble.outside_weight));
}

}  // namespace

void check_voter_names(const Workspace& workspace) {
  comm::locally(workspace.comm, [&] {
    std::set<std::string> names;
    for (const ensemble::MemberConfig& member : workspace.config.ensemble.members) {
      names.insert(member.name);
    }
    const auto insert = [&](const std::string& key, const std::string& dataset,
                            const std::string& name) {
      if (!names.insert(name).second) {
        fail("{} = {}: its voter {} has the name of another voter or member", key, dataset, name);
      }
    };
    for (const std::string& name : workspace.corpus.vote_names) {
      insert("corpus.votes", workspace.config.corpus.votes, name);
    }
    for (const std::string& name : workspace.corpus.prob_names) {
      insert("corpus.probs", workspace.config.corpus.probs, name);
    }
    const std::vector<std::string>& known = workspace.corpus.prob_names;
    for (const ensemble::MemberConfig& member : workspace.config.ensemble.members) {
      if (!member.voter.empty() &&
          std::find(known.begin(), known.end(), member.voter) == known.end()) {
        fail("member.{}.voter = {}, but {}", member.name, member.voter,
             known.empty() ? std::string{"corpus.probs names no voters"}
                           : fmt::format("corpus.probs has {}", fmt::join(known, ", ")));
      }
    }
  });
}

std::vector<float> voter_on_nodes(const Workspace& workspace, const std::string& name) {
  const std::vector<std::string>& known = workspace.corpus.prob_names;
  const auto voter = std::find(known.begin(), known.end(), name) - known.begin();
  const RowExchange exchange{workspace.comm, workspace.items, workspace.corpus.num_items};
  const auto rows = comm::locally(workspace.comm, [&] {
    return corpus::read_probs(workspace.corpus, workspace.config.corpus, static_cast<int>(voter),
                              exchange.block());
  });
  return exchange.to_nodes<float>(rows, workspace.graph->num_owned(), workspace.num_classes());
}

void append_outside_voters(Workspace& workspace) {
  const corpus::Corpus& corpus = workspace.corpus;
  if (corpus.vote_names.empty() && corpus.prob_names.empty()) {
    return;
  }
  check_voter_names(workspace);
  const RowExchange exchange{workspace.comm, workspace.items, corpus.num_items};
  const auto votes = comm::locally(workspace.comm, [&] {
    return corpus::read_votes(corpus, workspace.config.corpus, exchange.block());
  });
  for (std::size_t voter = 0; voter < corpus.vote_names.size(); ++voter) {
    append_member(workspace, exchange, corpus.vote_names[voter], ensemble::Source::votes,
                  one_hot(votes, voter, corpus.vote_names.size(), corpus.class_names.size()));
  }
  for (std::size_t voter = 0; voter < corpus.prob_names.size(); ++voter) {
    const auto rows = comm::locally(workspace.comm, [&] {
      return corpus::read_probs(corpus, workspace.config.corpus, static_cast<int>(voter),
                                exchange.block());
    });
    append_member(workspace, exchange, corpus.prob_names[voter], ensemble::Source::probabilities,
                  rows);
  }
}

}  // namespace kith::pipeline
