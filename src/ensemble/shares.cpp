#include "ensemble/shares.hpp"

#include <algorithm>

#include "kith/comm/collectives.hpp"

#include "ensemble/held_out.hpp"
#include "ensemble/node_sample.hpp"

namespace kith::ensemble {
namespace {

constexpr Count kNodesOfShares = 20000;

/// Of the classes, among what members learned from.
std::vector<double> learned_shares(const ConsensusInputs& inputs) {
  if (!inputs.learned_shares.empty()) {
    return {inputs.learned_shares.begin(), inputs.learned_shares.end()};
  }
  if (inputs.seeds.empty()) {
    return std::vector<double>(to_size(inputs.num_classes), 0.0);
  }
  EnsembleConfig config;
  config.prior = "seeds";
  return class_prior(inputs.seeds, config, inputs.num_classes);
}

qa::SeedDesign design_of(const ConsensusInputs& inputs, const EnsembleConfig& config) {
  if (config.seed_design != qa::SeedDesign::unknown) {
    return config.seed_design;
  }
  std::vector<Count> counts(to_size(inputs.num_classes), 0);
  for (const FoldedSeed& entry : inputs.seeds) {
    ++counts[to_size(entry.seed.label)];
  }
  return qa::guess_design(counts);
}

/// The rows of a sample of nodes, of all ranks in their order.
struct Sample {
  std::vector<double> rows;
  std::vector<float> sureness;
};

/// Collective.
Sample gather_sample(const graph::Graph& graph, const Consensus& consensus,
                     std::span<const float> sureness, const ConsensusInputs& inputs,
                     std::uint64_t seed) {
  std::vector<double> rows;
  std::vector<float> sure;
  for (const LocalId node : sample_nodes(nodes_of(graph), inputs.seeds, kNodesOfShares, seed)) {
    if (consensus.statuses[to_size(node)] != Status::unreachable) {
      const auto values = consensus.distributions[to_size(node)].values;
      rows.insert(rows.end(), values.begin(), values.end());
      sure.push_back(sureness[to_size(node)]);
    }
  }
  return {comm::gather_to_all<double>(graph.comm(), rows).items,
          comm::gather_to_all<float>(graph.comm(), sure).items};
}

/// What the user says, or what is left to say.
qa::ClassShares certain_shares(std::vector<double> shares, qa::ShareOrigin origin) {
  const std::size_t width = shares.size();
  qa::ClassShares result;
  // Known shares make an estimate as seeds by class do, and those of the seeds as random ones.
  result.design =
      origin == qa::ShareOrigin::given ? qa::SeedDesign::by_class : qa::SeedDesign::random;
  result.origin = origin;
  result.is_known = true;
  result.shares = std::move(shares);
  result.deviations.assign(width, 0.0);
  return result;
}

}  // namespace

qa::ClassShares corpus_shares(const graph::Graph& graph, const Consensus& consensus,
                              std::span<const float> sureness, const ConsensusInputs& inputs,
                              const EnsembleConfig& config) {
  const LabelRows<double>& held_out = consensus.held_out.probabilities;
  if (config.prior != "estimated" && config.prior != "seeds") {
    return certain_shares(class_prior(inputs.seeds, config, inputs.num_classes),
                          qa::ShareOrigin::given);
  }
  if (inputs.shares != nullptr) {
    return *inputs.shares;
  }
  std::vector<double> source = learned_shares(inputs);
  if (config.prior == "seeds") {
    return certain_shares(std::move(source), qa::ShareOrigin::of_labels);
  }
  if (!consensus.distributions.is_dense() || inputs.num_classes > kMostDenseClasses) {
    qa::ClassShares result = certain_shares(std::move(source), qa::ShareOrigin::of_labels);
    result.design = design_of(inputs, config);
    result.is_known = result.design != qa::SeedDesign::by_class;
    return result;
  }
  const Sample sample = gather_sample(graph, consensus, sureness, inputs, config.seed);
  const qa::ShareInputs problem{to_size(inputs.num_classes),
                                sample.rows,
                                graph.num_nodes(),
                                held_out.values,
                                consensus.held_out.truth,
                                std::move(source),
                                sample.sureness,
                                consensus.held_out.sureness,
                                config.seed};
  return design_of(inputs, config) == qa::SeedDesign::by_class ? qa::shares_by_class(problem)
                                                               : qa::shares_at_random(problem);
}

std::vector<double> wanted_shares(const qa::ClassShares& shares, const ConsensusInputs& inputs,
                                  const EnsembleConfig& config) {
  const bool is_pulled = shares.design == qa::SeedDesign::by_class && shares.is_known;
  if (config.prior != "estimated") {
    return class_prior(inputs.seeds, config, inputs.num_classes);
  }
  return is_pulled ? shares.shares : learned_shares(inputs);
}

std::vector<double> share_ratios(std::span<const double> shares, const ConsensusInputs& inputs,
                                 const EnsembleConfig& config) {
  const std::vector<double> source = learned_shares(inputs);
  std::vector<double> ratios(shares.size(), 1.0);
  if (std::equal(shares.begin(), shares.end(), source.begin())) {
    return ratios;
  }
  for (std::size_t k = 0; k < shares.size(); ++k) {
    // Of a class without a seed members know from elsewhere, or they never say it.
    const bool is_refused = config.prior != "estimated" && shares[k] == 0;
    ratios[k] = source[k] > 0 ? shares[k] / source[k] : is_refused ? 0.0 : 1.0;
  }
  return ratios;
}

}  // namespace kith::ensemble
