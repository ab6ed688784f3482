#include <numeric>

#include "label_model/methods/parameters.hpp"
#include "label_model/methods/registry.hpp"

namespace kith::label_model {
namespace {

const Parameter kTableVotes{
    .name = "table_votes",
    .help =
        "pseudo-votes for each of a row's K - 1 free numbers by which a voter's confusion table "
        "is drawn towards its single accuracy",
    .fallback = 0.3,
    .range = {1e-3, 1e6}};

/// The voter's K x K table, each row with `pseudo_votes` of the voter's coin.
LearnedVoter learn_table(const VoterStep& step, const VoterModel& coin, double pseudo_votes) {
  const std::size_t num_classes = step.shares.size();
  const auto before = [&](std::size_t k, std::size_t l) {
    return pseudo_votes *
           coin.chance(static_cast<int>(num_classes), static_cast<int>(k), static_cast<int>(l));
  };
  LearnedVoter learned;
  std::vector<double>& table = learned.model.table;
  table.assign(num_classes * num_classes, 0.0);
  for (const CastVote& vote : step.votes) {
    const double* q = step.posterior(vote);
    for (std::size_t k = 0; k < num_classes; ++k) {
      table[k * num_classes + to_size(vote.label)] += step.count(vote) * q[k];
    }
  }
  for (std::size_t k = 0; k < num_classes; ++k) {
    double* row = table.data() + k * num_classes;
    const double total = std::accumulate(row, row + num_classes, pseudo_votes);
    for (std::size_t l = 0; l < num_classes; ++l) {
      row[l] = (row[l] + before(k, l)) / total;
      learned.log_density += before(k, l) * std::log(row[l]);
    }
  }
  return learned;
}

/// Votes of a voter that always says the same, among others that are asked for any class, below
/// which it is taken to say so whatever is true: fewer do not tell such an annotator from a rule,
/// and EM, which takes it at its word, makes its class more frequent.
constexpr Count kVotesOfARule = 500;

/// A table says how a voter confuses classes, for which it must be asked about all of them: of a
/// rule for one class, the table that fits best says that it votes that class whatever is true, and
/// nothing is learned from it: of 20 keyword rules, a table for each makes 15.7 % right, coins 47.4
/// (majority 47.3, perf/README.md). So only broad voters have tables; others are coins. On 176
/// annotators of 2 classes 0.05, 0.3 and 5 pseudo-votes make 94.0, 94.0 and 93.7 % right:
/// perf/label_models.py -- --votes.table_votes N. More are better where confusions are few and
/// votes rare, and one_coin better still.
class DawidSkene : public Method {
 public:
  DawidSkene()
      : Method{{.name = "dawid_skene",
                .citation = "A. Dawid, A. Skene, Applied Statistics 28 (1979): confusion tables by "
                            "EM, with Dirichlet priors for those who vote all classes",
                .parameters = {kTableVotes, kPriorVotes, kMaxIterations, kTolerance}}} {}

 private:
  [[nodiscard]] FittedModel learn(const Task& task) const override {
    FittedModel model;
    model.reason = task.missing_voters("dawid_skene");
    if (!model.reason.empty()) {
      return model;
    }
    const CoinRule rule{task};
    const CoinPrior prior = coin_prior(task);
    const double table_votes = task.parameter(kTableVotes) * (task.table.num_classes - 1);
    CoinPrior nothing = prior;
    nothing.copies = 0;
    nothing.votes = 1e9;
    const auto says_nothing = [&](int voter) {
      const Breadth& own = task.index.breadth(voter);
      return task.index.tells_shares() && own.is_constant() && own.votes < kVotesOfARule;
    };
    const auto has_table = [&](int voter) {
      return task.index.breadth(voter).shows_confusions(task.table.num_classes);
    };
    EmOptions options = em_options(task);
    for (int voter = 0; voter < task.table.num_voters; ++voter) {
      options.max_tables += has_table(voter) ? 1 : 0;
    }
    return fit_em(
        task,
        [&](const VoterStep& step) {
          if (!has_table(step.voter)) {
            return rule.learn(step, says_nothing(step.voter) ? nothing : prior);
          }
          return learn_table(step, rule.learn(step, prior).model, table_votes);
        },
        options);
  }
};

}  // namespace

const Method& dawid_skene() {
  static const DawidSkene kMethod;
  return kMethod;
}

}  // namespace kith::label_model
