#include "kith/label_model/correlated.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "kith/core/error.hpp"
#include "kith/core/parallel.hpp"

#include "label_model/agreement.hpp"

namespace kith::label_model {
namespace {

constexpr Count kVotersAtOnce = 8;

/// What is expected of pairs under a model.
class Expectation {
 public:
  Expectation(const FittedModel& model, const VoteTable& table, const VoterIndex& index)
      : model_{model}, index_{index}, shares_(model.voters.size()) {
    for (std::size_t m = 0; m < shares_.size(); ++m) {
      const Breadth& own = index.breadth(static_cast<int>(m));
      shares_[m].assign(own.classes.size(), 0.0);
      for (const CastVote& vote : index.votes_of(static_cast<int>(m))) {
        const auto at = std::lower_bound(own.classes.begin(), own.classes.end(), vote.label);
        shares_[m][to_size(at - own.classes.begin())] +=
            static_cast<double>(table.counts[vote.row]) / static_cast<double>(own.votes);
      }
    }
  }

  /// Broad voters: sum_k pi_k sum_l P_a(l | k) P_b(l | k). That a narrow one votes says something
  /// of the class: then, over its own votes l, how likely the broader one says l, of what it ever
  /// says.
  [[nodiscard]] double agreement(std::int32_t a, std::int32_t b) const {
    if (is_broad(a) && is_broad(b)) {
      return of_broad(model_.voters[to_size(a)], model_.voters[to_size(b)]);
    }
    const bool a_is_narrower = index_.breadth(a).classes.size() <= index_.breadth(b).classes.size();
    const std::int32_t narrow = a_is_narrower ? a : b;
    const std::int32_t other = a_is_narrower ? b : a;
    const auto& classes = index_.breadth(narrow).classes;
    double expected = 0;
    for (std::size_t i = 0; i < classes.size(); ++i) {
      double all = 0;
      double same = 0;
      for (const std::int32_t l : index_.breadth(other).classes) {
        const double joint = chance_of_both({narrow, classes[i]}, {other, l});
        all += joint;
        same += l == classes[i] ? joint : 0.0;
      }
      expected += shares_[to_size(narrow)][i] * same / all;
    }
    return expected;
  }

 private:
  [[nodiscard]] bool is_broad(std::int32_t voter) const {
    return index_.breadth(voter).shows_confusions(model_.num_classes());
  }
  [[nodiscard]] double of_broad(const VoterModel& a, const VoterModel& b) const {
    const int num_classes = model_.num_classes();
    const auto is_even_coin = [](const VoterModel& voter) {
      return voter.table.empty() && voter.guesses.empty();
    };
    if (is_even_coin(a) && is_even_coin(b)) {
      return a.copies * b.copies + (1 - a.copies * b.copies) / num_classes;
    }
    double expected = 0;
    for (int k = 0; k < num_classes; ++k) {
      for (int l = 0; l < num_classes; ++l) {
        expected +=
            model_.prior[to_size(k)] * a.chance(num_classes, k, l) * b.chance(num_classes, k, l);
      }
    }
    return expected;
  }
  /// sum_k pi_k P(vote a | k) P(vote b | k)
  [[nodiscard]] double chance_of_both(const Vote& a, const Vote& b) const {
    const int num_classes = model_.num_classes();
    double chance = 0;
    for (int k = 0; k < num_classes; ++k) {
      chance += model_.prior[to_size(k)] *
                model_.voters[to_size(a.voter)].chance(num_classes, k, a.label) *
                model_.voters[to_size(b.voter)].chance(num_classes, k, b.label);
    }
    return chance;
  }

  const FittedModel& model_;
  const VoterIndex& index_;
  std::vector<std::vector<double>> shares_;  // by voter, of the classes that it votes
};

/// What a pair shows; phi 0 where the model leaves nothing to be seen.
CorrelatedPair describe(const PairCount& count, std::int32_t a, double expected) {
  CorrelatedPair pair{a, count.other, count.both};
  const auto items = static_cast<double>(count.both);
  pair.agreement = static_cast<double>(count.agree) / items;
  pair.expected = expected;
  constexpr double kNothingOpen = 1e-9;
  if (expected > kNothingOpen && expected < 1 - kNothingOpen) {
    pair.z = (pair.agreement - expected) / std::sqrt(expected * (1 - expected) / items);
    pair.phi = (pair.agreement - expected) / (1 - expected);
  }
  return pair;
}

/// All pairs that are beyond the limits.
std::vector<CorrelatedPair> sure_pairs(const PairCounts& counts, const Expectation& expectation,
                                       const CorrelationConfig& config) {
  double num_pairs = 1;
  for (const auto& own : counts) {
    num_pairs += static_cast<double>(own.size());
  }
  // P(z > x) < exp(-x^2 / 2), so that one of num_pairs is beyond this by chance in 5 % at most.
  constexpr double kFalse = 0.05;
  const double least_z = std::max(config.least_z, std::sqrt(2 * std::log(num_pairs / kFalse)));
  std::vector<std::vector<CorrelatedPair>> found(counts.size());
  parallel_for(count_of(counts), kVotersAtOnce, [&](Count begin, Count end) {
    for (std::size_t a = to_size(begin); a < to_size(end); ++a) {
      for (const PairCount& count : counts[a]) {
        if (count.both < config.least_items) {
          continue;
        }
        const auto voter = static_cast<std::int32_t>(a);
        const CorrelatedPair pair =
            describe(count, voter, expectation.agreement(voter, count.other));
        if (pair.z > least_z && pair.phi > config.least_phi) {
          found[a].push_back(pair);
        }
      }
    }
  });
  std::vector<CorrelatedPair> all;
  for (const auto& own : found) {
    all.insert(all.end(), own.begin(), own.end());
  }
  return all;
}

/// The smallest voter that pairs connect each voter with.
std::vector<std::int32_t> components(std::size_t num_voters,
                                     std::span<const CorrelatedPair> pairs) {
  std::vector<std::int32_t> parent(num_voters);
  std::iota(parent.begin(), parent.end(), 0);
  const auto root = [&](std::int32_t voter) {
    while (parent[to_size(voter)] != voter) {
      parent[to_size(voter)] = parent[to_size(parent[to_size(voter)])];
      voter = parent[to_size(voter)];
    }
    return voter;
  };
  for (const CorrelatedPair& pair : pairs) {
    const std::int32_t a = root(pair.a);
    const std::int32_t b = root(pair.b);
    parent[to_size(std::max(a, b))] = std::min(a, b);
  }
  for (std::size_t m = 0; m < num_voters; ++m) {
    parent[m] = root(static_cast<std::int32_t>(m));
  }
  return parent;
}

std::vector<CorrelatedGroup> groups_of(std::span<const CorrelatedPair> pairs,
                                       std::span<const double> weights) {
  const std::vector<std::int32_t> component = components(weights.size(), pairs);
  std::map<std::int32_t, CorrelatedGroup> groups;
  for (const CorrelatedPair& pair : pairs) {
    groups[component[to_size(pair.a)]].pairs.push_back(pair);
  }
  std::vector<CorrelatedGroup> result;
  for (std::size_t m = 0; m < component.size(); ++m) {
    const auto group = groups.find(component[m]);
    if (group != groups.end()) {
      group->second.voters.push_back(static_cast<std::int32_t>(m));
      group->second.weights.push_back(weights[m]);
    }
  }
  for (auto& [first, group] : groups) {
    result.push_back(std::move(group));
  }
  return result;
}

/// A fit in which suspects do not count.
FittedModel fit_without_suspects(const VoteTable& table, const VoterIndex& index,
                                 const PairCounts& counts, const Method& method,
                                 FitOptions options) {
  FitOptions for_triplet = options;
  for_triplet.parameters.clear();
  options.informative_abstention = false;  // agreement is of votes that are cast
  for_triplet.informative_abstention = false;
  FittedModel model = find_method("triplet")->fit(table, for_triplet);
  if (!model.reason.empty()) {
    model = method.fit(table, options);
    if (!model.reason.empty() || model.is_majority) {
      return model;
    }
  }
  std::vector<CorrelatedPair> suspects =
      sure_pairs(counts, Expectation{model, table, index}, CorrelationConfig{});
  std::stable_sort(suspects.begin(), suspects.end(),
                   [](const auto& a, const auto& b) { return a.phi > b.phi; });
  options.voter_weights.resize(to_size(table.num_voters), 1.0);
  constexpr int kLeastKept = 3;
  int kept = index.num_active();
  const int least = std::max(kLeastKept, (kept + 1) / 2);
  for (const CorrelatedPair& pair : suspects) {
    double& a = options.voter_weights[to_size(pair.a)];
    double& b = options.voter_weights[to_size(pair.b)];
    if (a > 0 && b > 0 && kept > least) {
      const bool a_has_more = index.breadth(pair.a).votes >= index.breadth(pair.b).votes;
      (a_has_more ? b : a) = 0;
      --kept;
    }
  }
  return method.fit(table, options);
}

}  // namespace

CorrelatedVoters find_correlated(const VoteTable& table, const Method& method,
                                 const FitOptions& options, const CorrelationConfig& config) {
  CorrelatedVoters result;
  const VoterIndex index{table};
  const auto counts = count_pairs(table, index);
  if (!counts) {
    result.reason = fmt::format("more than {} pairs of votes in the rows", kMaxPairIncidences);
    return result;
  }
  const FittedModel model = fit_without_suspects(table, index, *counts, method, options);
  if (!model.reason.empty() || model.is_majority) {
    result.reason = model.is_majority ? "the majority is no model of the voters" : model.reason;
    return result;
  }
  const auto pairs = sure_pairs(*counts, Expectation{model, table, index}, config);
  result.weights.assign(to_size(table.num_voters), 1.0);
  std::vector<double> sums(result.weights.size(), 0.0);
  for (const CorrelatedPair& pair : pairs) {
    sums[to_size(pair.a)] += pair.phi;
    sums[to_size(pair.b)] += pair.phi;
  }
  for (std::size_t m = 0; m < sums.size(); ++m) {
    result.weights[m] = 1 / (1 + sums[m]);
    const bool votes = index.breadth(static_cast<int>(m)).votes > 0;
    result.effective_voters += votes ? result.weights[m] : 0.0;
  }
  result.groups = groups_of(pairs, result.weights);
  return result;
}

}  // namespace kith::label_model
