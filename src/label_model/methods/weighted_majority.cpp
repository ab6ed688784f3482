#include <cmath>

#include "label_model/agreement.hpp"
#include "label_model/methods/parameters.hpp"
#include "label_model/methods/registry.hpp"

namespace kith::label_model {
namespace {

constexpr int kRounds = 3;
/// Votes beside those on known items: one right, one wrong, as Laplace has it. Agreement with
/// others is a poor witness of rules, so that CoinPrior stands beside it.
constexpr double kKnownPrior = 1;

/// The weights log(p (K - 1) / (1 - p)) are those of even coins under their own posterior.
class WeightedMajority : public Method {
 public:
  WeightedMajority()
      : Method{{.name = "weighted_majority",
                .citation =
                    "S. Nitzan, J. Paroush, Int. Economic Review 23 (1982): votes weighed by "
                    "the log-odds of their voters",
                .parameters = {kPriorVotes}}} {}

 private:
  [[nodiscard]] FittedModel learn(const Task& task) const override {
    const double classes = task.table.num_classes;
    FittedModel model;
    model.prior = task.first_prior();
    const CoinRule rule{task};
    const CoinPrior prior = coin_prior(task);
    std::vector<double> weights(to_size(task.table.num_voters), 1.0);
    std::vector<double> accuracies(weights.size());
    for (int round = 0; round < kRounds; ++round) {
      const std::vector<Accuracy> seen = accuracies_by_others(task, weights);
      for (std::size_t m = 0; m < weights.size(); ++m) {
        const int voter = static_cast<int>(m);
        const double right =
            seen[m].is_known ? kKnownPrior : rule.prior_right(voter, prior, model.prior);
        const double votes = seen[m].is_known ? 2 * kKnownPrior : rule.prior_votes(voter, prior);
        accuracies[m] = (seen[m].right + right) / (seen[m].votes + votes);
        weights[m] = std::log(accuracies[m] * (classes - 1) / (1 - accuracies[m]));
      }
    }
    for (std::size_t m = 0; m < weights.size(); ++m) {
      model.voters.push_back(rule.model(static_cast<int>(m), accuracies[m], model.prior));
    }
    model.iterations = kRounds;
    return model;
  }
};

}  // namespace

const Method& weighted_majority() {
  static const WeightedMajority kMethod;
  return kMethod;
}

}  // namespace kith::label_model
