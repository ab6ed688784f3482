#include "label_model/em.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kith/core/parallel.hpp"

#include "label_model/log_chances.hpp"
#include "label_model/row_sums.hpp"

namespace kith::label_model {
namespace {

constexpr Count kVotersAtOnce = 4;

class Em {
 public:
  Em(const Task& task, const LearnVoter& learn, const EmOptions& options)
      : task_{task},
        table_{task.table},
        learn_{learn},
        options_{options},
        num_classes_{to_size(table_.num_classes)},
        shares_{task.first_prior()} {}

  FittedModel fit() {
    FittedModel model;
    model.converged = false;
    model.learns_prior = task_.learns_prior();
    start();
    const double enough = options_.tolerance * static_cast<double>(table_.num_items());
    for (double last = -INFINITY; !model.converged;) {
      if (model.iterations == options_.max_iterations) {
        break;
      }
      const double log_priors = maximize();
      model.log_likelihood = expect();
      ++model.iterations;
      const double objective = model.log_likelihood + log_priors;
      model.converged = std::abs(objective - last) < enough;
      last = objective;
    }
    model.prior = shares_;
    model.voters = std::move(voters_);
    return model;
  }

 private:
  [[nodiscard]] std::span<double> posterior(std::size_t row) {
    return std::span{posteriors_}.subspan(row * num_classes_, num_classes_);
  }
  /// Rows without a vote and a known class say nothing, and are what the shares already say.
  [[nodiscard]] bool counts_for_shares(std::size_t row) const {
    return !table_.row(row).empty() || table_.known[row] >= 0;
  }
  void add_shares(std::size_t row, double* sums) {
    if (counts_for_shares(row)) {
      const auto q = posterior(row);
      for (std::size_t k = 0; k < num_classes_; ++k) {
        sums[k] += static_cast<double>(table_.counts[row]) * q[k];
      }
    }
  }

  void start() {
    posteriors_.assign(table_.size() * num_classes_, 0.0);
    class_sums_ = sum_rows(table_, num_classes_, [&](std::size_t row, double* sums) {
      smoothed_majority(table_, row, posterior(row));
      add_shares(row, sums);
    });
  }

  /// Returns the log priors of what it has learned.
  double maximize() {
    double log_priors = 0;
    if (task_.learns_prior()) {
      const double items = std::accumulate(class_sums_.begin(), class_sums_.end(), 0.0) +
                           static_cast<double>(num_classes_) * options_.class_items;
      for (std::size_t k = 0; k < num_classes_; ++k) {
        shares_[k] = (class_sums_[k] + options_.class_items) / items;
        log_priors += options_.class_items * std::log(shares_[k]);
      }
    }
    const bool is_first = voters_.empty();
    voters_.resize(to_size(table_.num_voters));
    std::vector<double> densities(voters_.size(), 0.0);
    parallel_for(table_.num_voters, kVotersAtOnce, [&](Count begin, Count end) {
      for (Count m = begin; m < end; ++m) {
        VoterModel& own = voters_[to_size(m)];
        const int voter = static_cast<int>(m);
        LearnedVoter learned = learn_({table_, voter, task_.index.votes_of(voter), posteriors_,
                                       shares_, is_first ? nullptr : &own});
        own = std::move(learned.model);
        own.weight =
            task_.options.voter_weights.empty() ? 1.0 : task_.options.voter_weights[to_size(m)];
        densities[to_size(m)] = learned.log_density;
      }
    });
    return std::accumulate(densities.begin(), densities.end(), log_priors);
  }

  /// Sets all posteriors; returns the log-likelihood at what they were computed from.
  double expect() {
    const LogChances chances{voters_, table_.num_classes};
    std::vector<double> log_shares(num_classes_);
    std::transform(shares_.begin(), shares_.end(), log_shares.begin(),
                   [](double share) { return std::log(std::max(share, kLeastChance)); });
    std::vector<double> sums =
        sum_rows(table_, num_classes_ + 1, [&](std::size_t row, double* into) {
          const auto q = posterior(row);
          std::copy(log_shares.begin(), log_shares.end(), q.begin());
          const double log_likelihood = chances.posterior(table_.row(row), table_.known[row], q);
          into[num_classes_] += static_cast<double>(table_.counts[row]) * log_likelihood;
          add_shares(row, into);
        });
    const double log_likelihood = sums.back();
    sums.pop_back();
    class_sums_ = std::move(sums);
    return log_likelihood;
  }

  const Task& task_;
  const VoteTable& table_;
  const LearnVoter& learn_;
  const EmOptions& options_;
  std::size_t num_classes_;
  std::vector<double> shares_;
  std::vector<double> class_sums_;
  std::vector<double> posteriors_;  // rows x K
  std::vector<VoterModel> voters_;
};

}  // namespace

void smoothed_majority(const VoteTable& table, std::size_t row, std::span<double> out) {
  const auto votes = table.row(row);
  const double all = static_cast<double>(votes.size()) + 1;
  std::fill(out.begin(), out.end(), 1 / (all * table.num_classes));
  for (const Vote& vote : votes) {
    out[to_size(vote.label)] += 1 / all;
  }
  clamp_known(table, row, out);
}

std::vector<double> usual_prior(const Task& task) {
  if (!task.learns_prior()) {
    return task.first_prior();
  }
  const VoteTable& table = task.table;
  const std::size_t num_classes = to_size(table.num_classes);
  std::vector<double> shares = sum_rows(table, num_classes, [&](std::size_t row, double* sums) {
    const auto votes = table.row(row);
    const double each =
        static_cast<double>(table.counts[row]) / std::max(1.0, static_cast<double>(votes.size()));
    for (const Vote& vote : votes) {
      sums[to_size(vote.label)] += each;
    }
  });
  const double all = std::accumulate(shares.begin(), shares.end(), 0.0);
  for (double& share : shares) {
    share = (share + 1) / (all + static_cast<double>(num_classes));
  }
  return shares;
}

FittedModel fit_em(const Task& task, const LearnVoter& learn, const EmOptions& options) {
  FittedModel model;
  const Count classes = task.table.num_classes;
  // Guesses and logarithms of each voter; a table twice more, as it is and in logarithms.
  const Count numbers = (count_of(task.table.counts) + 4 * Count{task.table.num_voters}) * classes +
                        2 * options.max_tables * classes * classes;
  if (numbers > task.options.max_numbers) {
    model.reason = fmt::format(
        "{} rows of votes, {} voters and {} classes need {} numbers, more than the {} allowed",
        task.table.size(), task.table.num_voters, classes, numbers, task.options.max_numbers);
    return model;
  }
  return Em{task, learn, options}.fit();
}

}  // namespace kith::label_model
