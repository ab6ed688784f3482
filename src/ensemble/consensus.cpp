#include <algorithm>
#include <cmath>
#include <map>

#include "kith/comm/collectives.hpp"
#include "kith/core/parallel.hpp"
#include "kith/ensemble/ensemble.hpp"

#include "ensemble/class_mass.hpp"
#include "ensemble/held_out.hpp"
#include "ensemble/mean.hpp"

namespace kith::ensemble {
namespace {

constexpr Count kNodesPerChunk = 1024;
constexpr float kSmallestProbability = 1e-9F;

double entropy(std::span<const double> distribution) {
  double sum = 0;
  for (const double p : distribution) {
    sum -= p > 0 ? p * std::log(p) : 0.0;
  }
  return sum;
}

double second_best(std::span<const double> distribution, std::int32_t best) {
  double second = 0;
  for (std::size_t label = 0; label < distribution.size(); ++label) {
    if (static_cast<std::int32_t>(label) != best) {
      second = std::max(second, distribution[label]);
    }
  }
  return second;
}

double vote_entropy(std::span<const std::int32_t> votes, std::span<int> counts) {
  std::fill(counts.begin(), counts.end(), 0);
  int cast = 0;
  for (const std::int32_t vote : votes) {
    if (vote >= 0) {
      ++counts[to_size(vote)];
      ++cast;
    }
  }
  double sum = 0;
  for (const int count : counts) {
    const double share = cast > 0 ? static_cast<double>(count) / cast : 0.0;
    sum -= count > 0 ? share * std::log(share) : 0.0;
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

/// Scratch of one thread: what the members say of one node.
struct Judge {
  std::span<const Member> members;
  Mean consensus;  // by the members' weights
  Mean even;       // all members alike: for disagreement
  std::vector<double> one;
  std::vector<int> counts;

  Judge(std::span<const Member> all, std::size_t width)
      : members{all}, consensus{width}, even{width}, one(width), counts(width) {}

  /// Fills votes and means; returns the members' mean entropy, or -1 if no label came to any.
  double hear(std::size_t node, std::span<std::int32_t> votes) {
    consensus.clear();
    even.clear();
    double entropies = 0;
    for (std::size_t m = 0; m < members.size(); ++m) {
      const auto scores =
          std::span{members[m].result.scores}.subspan(node * one.size(), one.size());
      votes[m] = -1;
      if (members[m].readout.probabilities(scores, one)) {
        votes[m] = best_index(one);
        entropies += entropy(one);
        consensus.add(one, members[m].config.weight);
        even.add(one, 1);
      }
    }
    if (consensus.weight == 0) {
      consensus = even;  // only members without a weight were reached
    }
    consensus.finish();
    even.finish();
    return even.weight > 0 ? entropies / even.weight : -1.0;
  }
};

Status judge_status(double probability, double distance, const ConsensusInputs& inputs,
                    const EnsembleConfig& config) {
  if (config.outlier_factor > 0 && inputs.typical_distance > 0 &&
      distance > config.outlier_factor * inputs.typical_distance) {
    return Status::outlier;
  }
  if (probability >= config.auto_probability) {
    return Status::automatic;
  }
  return probability < config.abstain_probability ? Status::abstain : Status::review;
}

/// Hears the members on one node: votes, disagreement and their mean.
void hear_node(std::size_t node, Judge& judge, Consensus& result) {
  const std::size_t num_members = judge.members.size();
  const auto votes = std::span{result.votes}.subspan(node * num_members, num_members);
  const double member_entropy = judge.hear(node, votes);
  if (member_entropy < 0) {
    return;  // unreachable
  }
  const std::vector<double>& mean = judge.consensus.values;
  std::transform(mean.begin(), mean.end(),
                 result.distributions.begin() + static_cast<Count>(node * mean.size()),
                 [](double p) { return static_cast<float>(p); });
  result.statuses[node] = Status::review;
  result.vote_entropy[node] = static_cast<float>(vote_entropy(votes, judge.counts));
  result.bald[node] =
      static_cast<float>(std::max(0.0, entropy(judge.even.values) - member_entropy));
}

/// Collective. prior / share of each class over all reached nodes.
std::vector<double> balance_classes(const comm::Communicator& comm, const Consensus& result,
                                    std::span<const double> prior) {
  std::vector<ExactSum> sums(prior.size());
  for (std::size_t node = 0; node < result.statuses.size(); ++node) {
    for (std::size_t label = 0; label < sums.size(); ++label) {
      sums[label].add(double{result.distributions[node * sums.size() + label]});
    }
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

/// Collective. What each class of the mean is multiplied with, by the configured class mass.
std::vector<double> consensus_factors(const graph::Graph& graph, const Consensus& result,
                                      const ConsensusInputs& inputs, const EnsembleConfig& config) {
  const auto read = [&](Count row, std::span<double> logits) {
    const std::size_t first = to_size(row) * logits.size();
    std::transform(result.distributions.begin() + static_cast<Count>(first),
                   result.distributions.begin() + static_cast<Count>(first + logits.size()),
                   logits.begin(),
                   [](float p) { return std::log(std::max(p, kSmallestProbability)); });
    return result.statuses[to_size(row)] != Status::unreachable;
  };
  const Unlabeled rows{&graph, read};
  std::vector<double> prior = class_prior(inputs.seeds, config, inputs.num_classes);
  if (config.prior == "estimated") {
    prior = estimate_prior(rows, prior);
  }
  switch (config.class_mass) {
    case ClassMass::none:
      break;
    case ClassMass::normalize:
      return balance_classes(graph.comm(), result, prior);
    case ClassMass::bidding:
      return bidding_weights(rows, prior);
    case ClassMass::volume:
      return volume_weights(rows, prior, true);
  }
  return std::vector<double>(prior.size(), 1.0);
}

/// Label, probability and status of a reached node from its balanced distribution.
void judge_node(std::size_t node, std::span<double> distribution, const ConsensusInputs& inputs,
                const EnsembleConfig& config, Consensus& result) {
  const auto stored =
      std::span{result.distributions}.subspan(node * distribution.size(), distribution.size());
  std::copy(stored.begin(), stored.end(), distribution.begin());
  balance(result.class_factors, result.temperature, distribution);
  std::transform(distribution.begin(), distribution.end(), stored.begin(),
                 [](double p) { return static_cast<float>(p); });
  const std::int32_t best = best_index(distribution);
  const double probability = distribution[to_size(best)];
  result.best[node] = Label{best};
  result.probabilities[node] = static_cast<float>(probability);
  result.margin[node] = static_cast<float>(probability - second_best(distribution, best));
  const Status status = judge_status(probability, inputs.neighbor_distance[node], inputs, config);
  result.statuses[node] = status;
  result.labels[node] = status == Status::abstain ? Label{} : Label{best};
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
  result.distributions.resize(num_nodes * to_size(inputs.num_classes), 0.0F);
  result.vote_entropy.resize(num_nodes, 0.0F);
  result.bald.resize(num_nodes, 0.0F);
  result.margin.resize(num_nodes, 0.0F);
  const auto width = to_size(inputs.num_classes);
  parallel_for(count_of(result.labels), kNodesPerChunk, [&](Count begin, Count end) {
    Judge judge{members, width};
    for (Count node = begin; node < end; ++node) {
      hear_node(to_size(node), judge, result);
    }
  });
  result.class_factors.assign(width, 1.0);
  if (config.class_mass != ClassMass::none) {
    result.class_factors = consensus_factors(graph, result, inputs, config);
  }
  std::vector<Readout> readouts;
  for (const Member& member : members) {
    readouts.push_back(member.readout);
  }
  result.temperature =
      fit_consensus_temperature(inputs.seeds, members, readouts, result.class_factors);
  parallel_for(count_of(result.labels), kNodesPerChunk, [&](Count begin, Count end) {
    std::vector<double> distribution(width);
    for (Count node = begin; node < end; ++node) {
      if (result.statuses[to_size(node)] != Status::unreachable) {
        judge_node(to_size(node), distribution, inputs, config, result);
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
