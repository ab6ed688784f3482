#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "kith/comm/collectives.hpp"
#include "kith/core/parallel.hpp"
#include "kith/ensemble/ensemble.hpp"

#include "ensemble/class_mass.hpp"
#include "ensemble/mean.hpp"
#include "ensemble/pool.hpp"
#include "ensemble/shares.hpp"

namespace kith::ensemble {
namespace {

constexpr float kSmallestProbability = 1e-9F;

double second_best(const Candidates& columns, std::span<const double> distribution, Label best) {
  double second = 0;
  for (std::size_t column = 0; column < distribution.size(); ++column) {
    if (column >= columns.num_named() || columns.label(column) != best) {
      second = std::max(second, distribution[column]);
    }
  }
  return second;
}

/// sorted: the votes in order, abstentions among them.
double vote_entropy(std::span<const std::int32_t> sorted) {
  const auto first = std::lower_bound(sorted.begin(), sorted.end(), 0);
  const auto cast = static_cast<double>(sorted.end() - first);
  double sum = 0;
  for (auto run = first; run != sorted.end();) {
    const auto end = std::upper_bound(run, sorted.end(), *run);
    const double share = static_cast<double>(end - run) / cast;
    sum -= share * std::log(share);
    run = end;
  }
  return std::max(0.0, sum);
}

struct GivenLabel {
  Label label;
  float weight = 0;
  float total = 0;  // with those of the node's other labels
};

/// The label of each seeded node that this rank owns: the heaviest, ties to the smaller.
std::map<LocalId, GivenLabel> given_labels(const graph::Graph& graph,
                                           std::span<const FoldedSeed> seeds) {
  std::map<std::pair<LocalId, Label>, float> weights;
  for (const FoldedSeed& entry : seeds) {
    if (graph.owned().contains(entry.seed.node)) {
      weights[{graph.local_id(entry.seed.node), entry.seed.label}] += entry.seed.weight;
    }
  }
  std::map<LocalId, GivenLabel> labels;
  for (const auto& [entry, weight] : weights) {
    GivenLabel& given = labels[entry.first];
    given.total += weight;
    if (weight > given.weight) {
      given.label = entry.second;
      given.weight = weight;
    }
  }
  return labels;
}

/// Scratch of one thread: the members' opinions of one node, pooled, and all alike.
struct NodePool {
  std::span<const Member> members;
  PooledItem item;
  Mean even;  // for disagreement
  std::vector<LabelRow<float>> rows;
  std::vector<std::int32_t> sorted;  // votes

  NodePool(std::span<const Member> all, const Pool& pool, int num_classes)
      : members{all}, item{pool, num_classes} {}

  /// Fills votes and means; returns the members' mean entropy, or -1 if no label came to any.
  double combine(std::size_t node, std::span<std::int32_t> votes) {
    rows.clear();
    for (const Member& member : members) {
      rows.push_back(member.scores[node]);
    }
    const bool is_reached = item.combine(rows);
    even.clear(item.columns().width());
    double entropies = 0;
    for (std::size_t m = 0; m < members.size(); ++m) {
      votes[m] = -1;
      if (item.speaks(m)) {
        votes[m] = best_label(item.columns(), item.probabilities(m)).value();
        entropies += entropy(item.columns(), item.probabilities(m));
        even.add(item.probabilities(m), 1);
      }
    }
    even.finish();
    return is_reached ? entropies / even.weight : -1.0;
  }
};

Status status_of(double probability, double distance, std::optional<double> auto_threshold,
                 const ConsensusInputs& inputs, const EnsembleConfig& config) {
  if (config.outlier_factor > 0 && inputs.typical_distance > 0 &&
      distance > config.outlier_factor * inputs.typical_distance) {
    return Status::outlier;
  }
  if (auto_threshold && probability >= *auto_threshold) {
    return Status::automatic;
  }
  return probability < config.abstain_probability ? Status::abstain : Status::review;
}

/// Votes of the members on one node, their disagreement, their pool, and how sure they are.
void combine_node(std::size_t node, NodePool& scratch, Consensus& result,
                  std::span<float> sureness) {
  const std::size_t num_members = scratch.members.size();
  const auto votes = std::span{result.votes}.subspan(node * num_members, num_members);
  const double member_entropy = scratch.combine(node, votes);
  if (member_entropy < 0) {
    return;  // unreachable
  }
  PooledItem& item = scratch.item;
  item.columns().store(item.distribution(), node, result.distributions);
  sureness[node] = static_cast<float>(item.sureness());
  result.statuses[node] = Status::review;
  scratch.sorted.assign(votes.begin(), votes.end());
  std::sort(scratch.sorted.begin(), scratch.sorted.end());
  result.vote_entropy[node] = static_cast<float>(vote_entropy(scratch.sorted));
  result.bald[node] = static_cast<float>(
      std::max(0.0, entropy(item.columns(), scratch.even.values) - member_entropy));
}

/// Collective. prior / share of each class over all reached nodes.
std::vector<double> balance_classes(const comm::Communicator& comm, const Consensus& result,
                                    std::span<const double> prior) {
  std::vector<ExactSum> sums(prior.size());
  ExactSum of_each;  // what a class has from the rows that do not name it, and from those that do
  for (std::size_t node = 0; node < result.statuses.size(); ++node) {
    const LabelRow<float> row = result.distributions[node];
    of_each.add(double{row.other});
    for (std::size_t entry = 0; entry < row.values.size(); ++entry) {
      sums[to_size(row.label(entry))].add(double{row.values[entry]} - double{row.other});
    }
  }
  for (ExactSum& sum : sums) {
    sum.add(of_each);
  }
  comm::sum_over_ranks(comm, sums);
  double total = 0;
  for (const ExactSum& sum : sums) {
    total += sum.value();
  }
  std::vector<double> factors;
  for (std::size_t label = 0; label < sums.size(); ++label) {
    const double mass = sums[label].value();
    factors.push_back(mass > 0 ? prior[label] * total / mass : 1.0);
  }
  return factors;
}

/// Collective. What each class is multiplied with: its share of the corpus over that of the seeds,
/// or what the configured class mass asks for.
std::vector<double> consensus_factors(const graph::Graph& graph, const Consensus& result,
                                      const ConsensusInputs& inputs, const EnsembleConfig& config) {
  const auto read = [&](Count row, std::span<double> logits) {
    const LabelRow<float> stored = result.distributions[to_size(row)];  // dense
    std::transform(stored.values.begin(), stored.values.end(), logits.begin(),
                   [](float p) { return std::log(std::max(p, kSmallestProbability)); });
    return result.statuses[to_size(row)] != Status::unreachable;
  };
  const Unlabeled rows{&graph, read};
  const std::vector<double> shares = wanted_shares(result.shares, inputs, config);
  switch (config.class_mass) {
    case ClassMass::none:
      break;
    case ClassMass::normalize:
      return balance_classes(graph.comm(), result, shares);
    case ClassMass::bidding:
      return bidding_weights(rows, shares);
    case ClassMass::volume:
      return volume_weights(rows, shares, true);
  }
  if (inputs.seeds.empty() && inputs.learned_shares.empty() && config.prior != "estimated") {
    return balance_classes(graph.comm(), result, shares);  // no seed says what members aim at
  }
  return share_ratios(shares, inputs, config);
}

/// Collective. Pools every node; returns how sure the members are of it.
std::vector<float> combine_nodes(std::span<const Member> members, const ConsensusInputs& inputs,
                                 const Pool& pool, Consensus& result) {
  std::vector<float> sureness(result.labels.size(), 0.0F);
  parallel_for(count_of(result.labels), kNodesPerChunk, [&](Count begin, Count end) {
    NodePool scratch{members, pool, inputs.num_classes};
    for (Count node = begin; node < end; ++node) {
      combine_node(to_size(node), scratch, result, sureness);
    }
  });
  return sureness;
}

/// What can be promised of the labels, from the held-out seeds.
void make_promises(const ConsensusInputs& inputs, const EnsembleConfig& config, Consensus& result) {
  const HeldOutPredictions& held_out = result.held_out;
  std::vector<std::uint8_t> is_right;
  std::vector<double> confidences;
  for (std::size_t i = 0; i < held_out.truth.size(); ++i) {
    const Label best = held_out.consensus[i];
    is_right.push_back(best == held_out.truth[i] ? 1 : 0);
    confidences.push_back(best.is_none() ? 0.0 : held_out.probabilities[i][best]);
  }
  // A class with one seed is never held out: held out it would be unknown, and so wrong.
  const std::set<Label> measured(held_out.truth.begin(), held_out.truth.end());
  const Count never =
      std::count_if(inputs.seeds.begin(), inputs.seeds.end(), [&](const FoldedSeed& entry) {
        return entry.fold < 0 && !measured.contains(entry.seed.label);
      });
  result.accuracy = qa::corpus_accuracy(held_out.truth, is_right, never, result.shares);
  result.auto_threshold =
      qa::sure_threshold(confidences, is_right, qa::corpus_weights(held_out.truth, result.shares),
                         config.auto_probability);
}

/// What one thread needs for label_node().
struct Scratch {
  Candidates columns;
  ClassFactors factors;
  std::vector<double> distribution{};
};

/// Label, probability and status of a reached node from its balanced distribution.
void label_node(std::size_t node, const ConsensusInputs& inputs, const EnsembleConfig& config,
                Scratch& scratch, Consensus& result) {
  Candidates& columns = scratch.columns;
  std::vector<double>& distribution = scratch.distribution;
  const LabelRow<float> stored = result.distributions[node];
  columns.gather(stored);
  distribution.resize(columns.width());
  columns.spread(stored, distribution);
  balance(columns, scratch.factors, distribution);
  const Label best = best_label(columns, distribution);
  const double probability = *std::max_element(
      distribution.begin(), distribution.begin() + static_cast<Count>(columns.num_named()));
  result.best[node] = best;
  result.probabilities[node] = static_cast<float>(probability);
  result.margin[node] = static_cast<float>(probability - second_best(columns, distribution, best));
  columns.store(distribution, node, result.distributions);
  const Status status =
      status_of(probability, inputs.neighbor_distance[node], result.auto_threshold, inputs, config);
  result.statuses[node] = status;
  result.labels[node] = status == Status::abstain ? Label{} : best;
}

}  // namespace

Consensus form_consensus(const graph::Graph& graph, std::span<const Member> members,
                         const ConsensusInputs& inputs, const EnsembleConfig& config) {
  const auto num_nodes = to_size(graph.num_owned());
  Consensus result;
  result.labels.resize(num_nodes);
  result.best.resize(num_nodes);
  result.probabilities.resize(num_nodes, 0.0F);
  result.statuses.resize(num_nodes, Status::unreachable);
  result.votes.resize(num_nodes * members.size(), -1);
  result.distributions = LabelRows<float>{inputs.num_classes, inputs.top_labels};
  result.distributions.resize(num_nodes);
  result.vote_entropy.resize(num_nodes, 0.0F);
  result.bald.resize(num_nodes, 0.0F);
  result.margin.resize(num_nodes, 0.0F);
  const Pool pool = fit_pool(members, inputs.seeds);
  result.member_weights = pool.pool.weights;
  result.fits_weights = pool.fits_weights;
  result.temperature = pool.temperature;
  const std::vector<float> sureness = combine_nodes(members, inputs, pool, result);
  result.held_out = predict_held_out(inputs.seeds, members);
  result.shares = corpus_shares(graph, result, sureness, inputs, config);
  result.class_factors = consensus_factors(graph, result, inputs, config);
  balance_held_out(result.class_factors, result.held_out);
  make_promises(inputs, config, result);
  parallel_for(count_of(result.labels), kNodesPerChunk, [&](Count begin, Count end) {
    Scratch scratch{Candidates{inputs.num_classes}, ClassFactors{result.class_factors}};
    for (Count node = begin; node < end; ++node) {
      if (result.statuses[to_size(node)] != Status::unreachable) {
        label_node(to_size(node), inputs, config, scratch, result);
      }
    }
  });
  for (const auto& [node, given] : given_labels(graph, inputs.seeds)) {
    result.labels[to_size(node)] = given.label;
    result.best[to_size(node)] = given.label;
    result.probabilities[to_size(node)] = given.weight / given.total;
    result.statuses[to_size(node)] = Status::seed;
  }
  return result;
}

}  // namespace kith::ensemble
