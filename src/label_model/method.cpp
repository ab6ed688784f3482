#include "kith/label_model/method.hpp"

#include <algorithm>
#include <cmath>

#include "kith/core/error.hpp"
#include "kith/core/softmax.hpp"

#include "label_model/propensity.hpp"
#include "label_model/task.hpp"

namespace kith::label_model {
namespace {

void check_options(const Method& method, const VoteTable& table, const FitOptions& options) {
  const std::vector<Parameter> known = all_parameters();
  for (const auto& [name, value] : options.parameters) {
    const auto found = std::find_if(known.begin(), known.end(), [&](const Parameter& candidate) {
      return candidate.name == name;
    });
    if (found == known.end() || !found->allows(value)) {
      fail("{}: {} = {} is no parameter of a label model, or out of its range", method.name(), name,
           value);
    }
  }
  const auto is_share = [](double value) { return value > 0 && value <= 1; };
  if (!options.prior.empty() &&
      (count_of(options.prior) != table.num_classes ||
       !std::all_of(options.prior.begin(), options.prior.end(), is_share))) {
    fail("{}: needs a class share above 0 for each of the {} classes", method.name(),
         table.num_classes);
  }
  const auto is_weight = [](double value) { return value >= 0 && value <= 1; };
  if (!options.voter_weights.empty() &&
      (count_of(options.voter_weights) != table.num_voters ||
       !std::all_of(options.voter_weights.begin(), options.voter_weights.end(), is_weight))) {
    fail("{}: needs a weight from 0 to 1 for each of the {} voters", method.name(),
         table.num_voters);
  }
}

/// The probability of a vote under a coin or a table, of all classes.
double chance_of_all(const VoterModel& model, int num_classes, int truth, int vote) {
  if (!model.table.empty()) {
    return model.table[to_size(truth) * to_size(num_classes) + to_size(vote)];
  }
  const double guess = model.guesses.empty() ? 1.0 / num_classes : model.guesses[to_size(vote)];
  return (truth == vote ? model.copies : 0.0) + (1 - model.copies) * guess;
}

}  // namespace

double VoterModel::chance(int num_classes, int truth, int vote) const {
  double chance = std::max(chance_of_all(*this, num_classes, truth, vote), kLeastChance);
  if (!classes.empty()) {
    double sum = 0;
    for (const std::int32_t other : classes) {
      sum += std::max(chance_of_all(*this, num_classes, truth, other), kLeastChance);
    }
    chance = std::binary_search(classes.begin(), classes.end(), vote) ? chance / sum : kLeastChance;
  }
  return std::max(chance, kLeastChance);
}

double VoterModel::expected_accuracy(std::span<const double> prior) const {
  double sum = 0;
  for (std::size_t k = 0; k < prior.size(); ++k) {
    const int truth = static_cast<int>(k);
    sum += prior[k] * chance(static_cast<int>(prior.size()), truth, truth);
  }
  return sum;
}

void VoterModel::add_log_chances(std::int32_t vote, std::span<double> sums) const {
  const int num_classes = static_cast<int>(sums.size());
  if (!table.empty() || !classes.empty()) {
    for (int k = 0; k < num_classes; ++k) {
      sums[to_size(k)] += weight * std::log(chance(num_classes, k, vote));
    }
    return;
  }
  if (num_classes > 1) {
    const double other = weight * std::log(chance(num_classes, vote == 0 ? 1 : 0, vote));
    const double right = weight * std::log(chance(num_classes, vote, vote));
    for (double& sum : sums) {
      sum += other;
    }
    sums[to_size(vote)] += right - other;
  }
}

void FittedModel::prepare() {
  base_.assign(prior.size(), 0.0);
  for (std::size_t k = 0; k < prior.size(); ++k) {
    base_[k] = std::log(std::max(prior[k], kLeastChance));
    for (std::size_t m = 0; abstentions_count && m < voters.size(); ++m) {
      base_[k] += voters[m].weight * std::log1p(-propensities[m * prior.size() + k]);
    }
  }
}

void FittedModel::posterior(std::span<const Vote> votes, std::span<double> out) const {
  if (is_majority) {
    std::copy(prior.begin(), prior.end(), out.begin());
    if (!votes.empty()) {
      std::fill(out.begin(), out.end(), 0.0);
      for (const Vote& vote : votes) {
        out[to_size(vote.label)] += 1.0 / static_cast<double>(votes.size());
      }
    }
    return;
  }
  std::copy(base_.begin(), base_.end(), out.begin());
  for (const Vote& vote : votes) {
    const VoterModel& voter = voters[to_size(vote.voter)];
    voter.add_log_chances(vote.label, out);
    for (std::size_t k = 0; !propensities.empty() && k < prior.size(); ++k) {
      const double votes_on_k = propensities[to_size(vote.voter) * prior.size() + k];
      out[k] += voter.weight *
                (std::log(votes_on_k) - (abstentions_count ? std::log1p(-votes_on_k) : 0.0));
    }
  }
  softmax(out);
}

Method::Method(MethodFacts facts) : facts_{std::move(facts)} {
}

bool Method::takes(std::string_view parameter) const {
  return std::any_of(facts_.parameters.begin(), facts_.parameters.end(),
                     [&](const Parameter& known) { return known.name == parameter; });
}

FittedModel Method::fit(const VoteTable& table, const FitOptions& options) const {
  check_options(*this, table, options);
  FittedModel model;
  model.method = name();
  if (table.votes.empty()) {
    model.reason = "no item has a vote";
    return model;
  }
  if (table.num_classes < 2) {
    model.reason = "there is one class only";
    return model;
  }
  const Count held = 3 * count_of(table.votes) / 2 + count_of(table.counts);
  if (held > options.max_numbers) {
    model.reason = "the votes by voter need more memory than is allowed";
    return model;
  }
  const VoterIndex index{table};
  const Task task{table, index, options, facts_};
  model = learn(task);
  model.method = name();
  if (!model.reason.empty()) {
    return model;
  }
  for (std::size_t m = 0; m < options.voter_weights.size() && !model.is_majority; ++m) {
    model.voters[m].weight = options.voter_weights[m];
  }
  model.prepare();
  if (options.informative_abstention && !model.is_majority) {
    learn_propensities(task, model);
    model.prepare();
  }
  return model;
}

double Task::parameter(const Parameter& parameter) const {
  const auto found = options.parameters.find(parameter.name);
  return found == options.parameters.end() ? parameter.fallback : found->second;
}

std::vector<double> Task::first_prior() const {
  const std::size_t num_classes = to_size(table.num_classes);
  std::vector<double> prior = options.prior;
  if (prior.empty()) {
    prior.assign(num_classes, 1.0 / static_cast<double>(num_classes));
  }
  double sum = 0;
  for (const double share : prior) {
    sum += share;
  }
  for (double& share : prior) {
    share /= sum;
  }
  return prior;
}

std::string Task::missing_voters(const char* who) const {
  constexpr int kLeast = 3;
  if (index.num_active() >= kLeast) {
    return {};
  }
  return fmt::format("{} needs three voters with votes; there {}", who,
                     index.num_active() == 1 ? "is one" : "are two");
}

}  // namespace kith::label_model
