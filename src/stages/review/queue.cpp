#include "stages/review/queue.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/core/error.hpp"
#include "kith/core/quote.hpp"
#include "kith/corpus/labels.hpp"
#include "kith/layout/node_maps.hpp"
#include "kith/review/choose.hpp"

#include "stages/cells/cells_output.hpp"
#include "stages/ensemble/ensemble_output.hpp"
#include "stages/knn/knn_files.hpp"
#include "stages/knn/neighbor_distance.hpp"

namespace kith::stages {
namespace {

using ensemble::Consensus;

/// What an answer is worth by the consensus of a node.
using Worth = float (*)(const Consensus& consensus, std::size_t node);

float margin_worth(const Consensus& consensus, std::size_t node) {
  return 1 - consensus.margin[node];
}

float error_worth(const Consensus& consensus, std::size_t node) {
  return 1 - consensus.probabilities[node];
}

/// Of the consensus, over the logarithm of the number of classes.
float entropy_worth(const Consensus& consensus, std::size_t node) {
  const auto row = consensus.distributions[node];
  double entropy = 0;
  for (const float share : row.values) {
    entropy -= share > 0 ? double{share} * std::log(double{share}) : 0.0;
  }
  const int classes = std::max(consensus.distributions.num_classes, 2);
  return static_cast<float>(std::max(0.0, entropy / std::log(static_cast<double>(classes))));
}

float bald_worth(const Consensus& consensus, std::size_t node) {
  return consensus.bald[node];
}

float vote_entropy_worth(const Consensus& consensus, std::size_t node) {
  return consensus.vote_entropy[node];
}

float even_worth(const Consensus& /*consensus*/, std::size_t /*node*/) {
  return 1;
}

struct Strategy {
  const char* name;
  Worth worth;
  decltype(&review::choose_largest) choose;
};

constexpr Strategy kStrategies[] = {{"coverage", margin_worth, review::choose_covering},
                                    {"margin", margin_worth, review::choose_largest},
                                    {"entropy", entropy_worth, review::choose_largest},
                                    {"bald", bald_worth, review::choose_largest},
                                    {"vote_entropy", vote_entropy_worth, review::choose_largest},
                                    {"error", error_worth, review::choose_largest},
                                    {"power", margin_worth, review::choose_by_chance},
                                    {"random", even_worth, review::choose_by_chance}};

const Strategy* find_strategy(const std::string& name) {
  const auto* found = std::find_if(std::begin(kStrategies), std::end(kStrategies),
                                   [&](const Strategy& strategy) { return strategy.name == name; });
  return found == std::end(kStrategies) ? nullptr : found;
}

/// Collective. 1 for each node of this rank that nobody may be asked about.
std::vector<std::uint8_t> closed_nodes(const run::Workspace& workspace,
                                       const QueueRequest& request) {
  const Items& items = workspace.outputs.get<Items>();
  const layout::RowExchange exchange{workspace.comm, items, workspace.corpus.num_items};
  const std::vector<Label> gold = comm::locally(workspace.comm, [&] {
    return corpus::read_gold(workspace.corpus, workspace.config.corpus, exchange.block());
  });
  const Count num_nodes = count_of(workspace.outputs.get<cells::Shard>().rows);
  std::vector<std::uint8_t> closed(to_size(num_nodes), 0);
  if (!workspace.config.corpus.gold.empty()) {
    std::vector<std::uint8_t> is_known;
    for (const Label label : gold) {
      is_known.push_back(label.is_none() ? 0 : 1);
    }
    closed = exchange.to_nodes<std::uint8_t>(is_known, num_nodes);
  }
  for (const layout::ItemOfNode& item : items) {
    if (std::binary_search(request.left_out.begin(), request.left_out.end(), item.row.value())) {
      closed[to_size(item.node)] = 1;
    }
  }
  return closed;
}

/// Collective. Without labels: more for an item whose neighbors are near (typicality, G. Hacohen et
/// al., ICML 2022), in (0, 1), 1/2 at the median.
std::vector<float> typicality(const run::Workspace& workspace) {
  const NeighborLists& lists = workspace.outputs.get<NeighborLists>();
  std::vector<float> means = mean_neighbor_distances(lists);
  const float median = median_over_ranks(workspace.comm, means);
  std::transform(means.begin(), means.end(), means.begin(),
                 [&](float mean) { return median > 0 ? 1 / (1 + mean / median) : 1; });
  return means;
}

/// What one rank knows of the items that were chosen.
struct Prediction {
  std::int64_t question = 0;
  std::int32_t label = -1;
  float probability = 0;
};

/// Collective. The consensus on the rows that were chosen.
void add_predictions(const run::Workspace& workspace, std::vector<review::Question>& questions) {
  const Consensus& consensus = workspace.outputs.get<Consensus>();
  const std::vector<GlobalId>& rows = workspace.outputs.get<cells::Shard>().rows;
  std::vector<std::pair<Count, std::size_t>> node_of_row;
  for (std::size_t node = 0; node < rows.size(); ++node) {
    node_of_row.emplace_back(rows[node].value(), node);
  }
  std::sort(node_of_row.begin(), node_of_row.end());
  std::vector<Prediction> mine;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    const auto found = std::lower_bound(node_of_row.begin(), node_of_row.end(),
                                        std::pair{questions[i].row, std::size_t{0}});
    if (found != node_of_row.end() && found->first == questions[i].row) {
      mine.push_back({static_cast<std::int64_t>(i), consensus.best[found->second].value(),
                      consensus.probabilities[found->second]});
    }
  }
  for (const Prediction& entry : comm::gather_to_all<Prediction>(workspace.comm, mine).items) {
    if (entry.label >= 0) {
      review::Question& question = questions[to_size(entry.question)];
      question.predicted = workspace.corpus.class_names[to_size(entry.label)];
      question.probability = double{entry.probability};
    }
  }
}

/// 1 for each node of this rank that has a label already.
std::vector<std::uint8_t> known_nodes(const run::Workspace& workspace,
                                      const QueueRequest& request) {
  std::vector<std::uint8_t> is_known(workspace.outputs.get<cells::Shard>().rows.size(), 0);
  if (request.has_labels) {
    const Consensus& consensus = workspace.outputs.get<Consensus>();
    std::transform(consensus.statuses.begin(), consensus.statuses.end(), is_known.begin(),
                   [](ensemble::Status status) {
                     return status == ensemble::Status::seed ? std::uint8_t{1} : std::uint8_t{0};
                   });
  }
  return is_known;
}

/// Collective. Throws CollectiveError if the strategy needs labels that are not there.
std::vector<float> worth_of_nodes(const run::Workspace& workspace, const QueueRequest& request,
                                  const Strategy& strategy) {
  const std::size_t size = workspace.outputs.get<cells::Shard>().rows.size();
  if (request.has_labels) {
    std::vector<float> worth(size);
    for (std::size_t node = 0; node < size; ++node) {
      worth[node] = strategy.worth(workspace.outputs.get<Consensus>(), node);
    }
    return worth;
  }
  if (strategy.worth == even_worth) {
    return std::vector<float>(size, 1);
  }
  if (strategy.choose != review::choose_covering) {
    throw comm::CollectiveError{fmt::format(
        "review export: --strategy {} looks at labels, and there are none yet: say coverage or "
        "random",
        strategy.name)};
  }
  return typicality(workspace);
}

/// Closed and known nodes are worth nothing, all others something.
void close_nodes(std::span<const std::uint8_t> closed, std::span<const std::uint8_t> is_known,
                 std::vector<float>& worth) {
  constexpr float kLeastWorth = 1e-6F;
  for (std::size_t node = 0; node < worth.size(); ++node) {
    const bool is_open = closed[node] == 0 && is_known[node] == 0;
    worth[node] = is_open ? std::max(worth[node], kLeastWorth) : 0;
  }
}

std::vector<review::Question> as_questions(const std::vector<review::Chosen>& chosen,
                                           const Strategy& strategy) {
  std::vector<review::Question> questions;
  for (const review::Chosen& entry : chosen) {
    review::Question& question = questions.emplace_back();
    question.row = entry.row.value();
    question.reason = strategy.name;
    if (entry.inclusion > 0) {
      question.inclusion = entry.inclusion;
    }
  }
  return questions;
}

}  // namespace

std::string queue_strategies() {
  std::vector<std::string> names;
  for (const Strategy& strategy : kStrategies) {
    names.emplace_back(strategy.name);
  }
  return fmt::format("{}", fmt::join(names, " | "));
}

void require_strategy(const std::string& strategy, Count items) {
  constexpr Count kMostCovering = 1'000'000;
  const Strategy* const found = find_strategy(strategy);
  if (found == nullptr) {
    fail("command line: --strategy {}, must be one of: {}", quote(strategy), queue_strategies());
  }
  if (found->choose == review::choose_covering && items > kMostCovering) {
    fail(
        "command line: --queue {}: {} keeps its candidates in memory and chooses at most {}; say "
        "--strategy power",
        items, strategy, kMostCovering);
  }
}

std::vector<review::Question> draw_queue(run::Workspace& workspace, const QueueRequest& request) {
  const Strategy& strategy = *find_strategy(request.strategy);
  need_lists(workspace);
  if (request.has_labels) {
    need_consensus(workspace);
  }
  const std::vector<std::uint8_t> is_known = known_nodes(workspace, request);
  std::vector<float> worth = worth_of_nodes(workspace, request, strategy);
  close_nodes(closed_nodes(workspace, request), is_known, worth);
  const cells::Shard& shard = workspace.outputs.get<cells::Shard>();
  const NeighborLists& lists = workspace.outputs.get<NeighborLists>();
  const std::vector<Position> first_of_rank = layout::partition_of(shard, workspace.comm.size());
  const std::uint64_t seed = workspace.config.run.seed + static_cast<std::uint64_t>(request.number);
  const review::Askable nodes{shard.rows,    worth, lists.neighbors, lists.k, is_known,
                              first_of_rank, seed};
  auto questions = as_questions(strategy.choose(workspace.comm, nodes, request.items), strategy);
  if (request.has_labels) {
    add_predictions(workspace, questions);
  }
  return questions;
}

}  // namespace kith::stages
