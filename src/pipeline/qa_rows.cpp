#include "pipeline/qa_rows.hpp"

#include <utility>

#include "kith/comm/agree.hpp"

#include "pipeline/row_labels.hpp"

namespace kith::pipeline {
QaRows collect_rows(const Workspace& workspace) {
  const ensemble::Consensus& consensus = *workspace.consensus;
  const layout::RowExchange exchange{workspace.comm, workspace.items, workspace.corpus.num_items};
  QaRows rows;
  rows.block = exchange.block();
  rows.votes = exchange.to_rows<std::int32_t>(consensus.votes, count_of(workspace.members));
  RowLabels stated = label_rows(workspace, exchange);
  rows.label = std::move(stated.label);
  rows.best = std::move(stated.best);
  rows.status = std::move(stated.status);
  rows.probability = std::move(stated.probability);
  rows.vote_entropy = exchange.to_rows<float>(consensus.vote_entropy);
  rows.bald = exchange.to_rows<float>(consensus.bald);
  rows.margin = exchange.to_rows<float>(consensus.margin);
  rows.gold = comm::locally(workspace.comm, [&] {
    return corpus::read_gold(workspace.corpus, workspace.config.corpus, rows.block);
  });
  for (std::size_t i = 0; i < rows.gold.size(); ++i) {
    if (rows.is(i, ensemble::Status::seed)) {
      rows.gold[i] = Label{};  // measured with what was never learned from
    }
  }
  return rows;
}

std::vector<std::int32_t> unseeded_best(const QaRows& rows) {
  std::vector<std::int32_t> best = rows.best;
  for (std::size_t i = 0; i < best.size(); ++i) {
    if (rows.is(i, ensemble::Status::seed)) {
      best[i] = -1;
    }
  }
  return best;
}

}  // namespace kith::pipeline
