#include "stages/ensemble/label_model_voter.hpp"

#include <algorithm>

#include "kith/comm/collectives.hpp"
#include "kith/core/exact_sum.hpp"
#include "kith/ensemble/candidates.hpp"

#include "stages/propagate/propagate_output.hpp"
#include "stages/votes/vote_source.hpp"

namespace kith::stages {

void write_posteriors(const run::Workspace& workspace, const VotesReport& report,
                      IdRange<GlobalId> block, LabelRows<float>& rows) {
  const VoteSource source{workspace.comm, workspace.config, ""};
  ensemble::Candidates columns{workspace.num_classes()};
  std::vector<double> shares(to_size(workspace.num_classes()));
  source.for_each_item([&](const VotedItem& item) {
    if (!item.votes.empty()) {
      report.best().model.posterior(item.votes, shares);
      columns.store(shares, to_size(item.row.value() - block.begin.value()), rows);
    }
  });
}

std::optional<Agreement> agreement_with_heads(const run::Workspace& workspace,
                                              const LabelRows<float>& posteriors) {
  Count compared = 0;
  Count equal = 0;
  Count nodes = 0;
  ExactSum sure;
  const auto best = [](const LabelRow<float>& row) {
    return std::max_element(row.values.begin(), row.values.end()) - row.values.begin();
  };
  for (std::size_t node = 0; node < posteriors.size(); ++node) {
    const LabelRow<float> said = posteriors[node];
    const auto at = best(said);
    if (!(said.values[to_size(at)] > 0)) {
      continue;
    }
    ++nodes;
    sure.add(double{said.values[to_size(at)]});
    for (const ensemble::Member& member : workspace.outputs.get<Members>()) {
      if (member.source == ensemble::Source::vectors) {
        const LabelRow<float> other = member.scores[node];
        ++compared;
        equal += other.label(to_size(best(other))) == said.label(to_size(at)) ? 1 : 0;
      }
    }
  }
  comm::sum_over_ranks(workspace.comm, std::span{&sure, 1});
  nodes = comm::sum_over_ranks(workspace.comm, nodes);
  compared = comm::sum_over_ranks(workspace.comm, compared);
  equal = comm::sum_over_ranks(workspace.comm, equal);
  if (nodes == 0 || compared == 0) {
    return std::nullopt;
  }
  return Agreement{static_cast<double>(equal) / static_cast<double>(compared),
                   sure.value() / static_cast<double>(nodes)};
}

double weight_beside_members(const Agreement& agreement, int num_classes) {
  constexpr double kMost = 4;
  constexpr double kLeastErrors = 0.05;
  const double a = agreement.expected_accuracy;
  const double chance = (1 - a) / std::max(1, num_classes - 1);
  if (a <= chance) {
    return 0;
  }
  const double b = std::clamp((agreement.with_heads - chance) / (a - chance), 0.0, 1.0);
  return std::min(kMost, std::max(0.0, a - b) / std::max(kLeastErrors, 1 - a));
}

}  // namespace kith::stages
