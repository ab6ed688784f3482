#include "kith/label_model/choose.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "kith/core/error.hpp"
#include "kith/core/parallel.hpp"

#include "label_model/voter_index.hpp"

namespace kith::label_model {
namespace {

constexpr Count kRowsAtOnce = 1024;
constexpr double kErrorsByKnown = 1;  // standard errors that a gain must be above
constexpr double kErrorsByVotes = 2;

/// Items of a row in a fold: item j is in fold (h + j) mod 5, h from the row's number.
Count items_in_fold(Count items, std::size_t row, int fold) {
  constexpr std::uint64_t kOdd = 0x9E3779B97F4A7C15U;  // 2^64 / golden ratio
  const int first = static_cast<int>(((row * kOdd) >> 32U) % kChoiceFolds);
  const int shift = (fold - first + kChoiceFolds) % kChoiceFolds;
  return (items - shift + kChoiceFolds - 1) / kChoiceFolds;
}

void append(VoteTable& table, std::span<const Vote> votes, Count count, std::int32_t known) {
  if (count > 0) {
    table.votes.insert(table.votes.end(), votes.begin(), votes.end());
    table.offsets.push_back(table.votes.size());
    table.counts.push_back(count);
    table.known.push_back(known);
    table.gold.push_back(-1);
  }
}

/// What is held out of a fit, and how good a model is on it.
class Trial {
 public:
  Trial(const VoteTable& table, bool by_known) : table_{table}, by_known_{by_known} {
    const VoterIndex index{table};
    for (int m = 0; m < table.num_voters; ++m) {
      const auto& classes = index.breadth(m).classes;
      const bool is_all = count_of(classes) == table.num_classes;
      classes_.push_back(is_all ? std::vector<std::int32_t>{} : classes);
    }
  }

  [[nodiscard]] bool is_held_out(std::size_t row) const {
    return !table_.row(row).empty() && (!by_known_ || table_.known[row] >= 0);
  }
  /// What is learned from in a fold: known classes are hidden, or items are left out.
  [[nodiscard]] VoteTable training(int fold) const {
    VoteTable part;
    part.num_voters = table_.num_voters;
    part.num_classes = table_.num_classes;
    for (std::size_t row = 0; row < table_.size(); ++row) {
      const Count out = is_held_out(row) ? items_in_fold(table_.counts[row], row, fold) : Count{0};
      append(part, table_.row(row), table_.counts[row] - out, table_.known[row]);
      if (by_known_) {
        append(part, table_.row(row), out, -1);
      }
    }
    return part;
  }
  /// Log-likelihood of an item of each row that is held out.
  [[nodiscard]] std::vector<double> scores(FittedModel model) const {
    if (!by_known_) {
      for (std::size_t m = 0; m < model.voters.size(); ++m) {
        model.voters[m].classes = classes_[m];
        model.voters[m].weight = 1;
      }
    }
    std::vector<double> result(table_.size(), 0.0);
    parallel_for(count_of(result), kRowsAtOnce, [&](Count begin, Count end) {
      std::vector<double> q(to_size(table_.num_classes));
      for (std::size_t row = to_size(begin); row < to_size(end); ++row) {
        if (is_held_out(row)) {
          result[row] = by_known_ ? known_score(model, row, q) : vote_score(model, row, q);
        }
      }
    });
    return result;
  }

 private:
  [[nodiscard]] double known_score(const FittedModel& model, std::size_t row,
                                   std::span<double> q) const {
    model.posterior(table_.row(row), q);
    double chance = q[to_size(table_.known[row])];
    if (model.is_majority) {
      const auto votes = static_cast<double>(table_.row(row).size());
      chance = (chance * votes + 1.0 / table_.num_classes) / (votes + 1);
    }
    return std::log(std::max(chance, kLeastChance));
  }
  /// log sum_k pi_k prod_m P(vote of m | k)
  [[nodiscard]] double vote_score(const FittedModel& model, std::size_t row,
                                  std::span<double> q) const {
    for (std::size_t k = 0; k < q.size(); ++k) {
      q[k] = std::log(std::max(model.prior[k], kLeastChance));
    }
    for (const Vote& vote : table_.row(row)) {
      if (classes_[to_size(vote.voter)].size() != 1) {
        model.voters[to_size(vote.voter)].add_log_chances(vote.label, q);
      }
    }
    const double largest = *std::max_element(q.begin(), q.end());
    double sum = 0;
    for (const double value : q) {
      sum += std::exp(value - largest);
    }
    return largest + std::log(sum);
  }

  const VoteTable& table_;
  bool by_known_;
  std::vector<std::vector<std::int32_t>> classes_;  // that each voter votes; empty: all
};

struct Mean {
  double value = 0;
  double error = 0;
  Count items = 0;
};

/// Scores of a candidate: folds that were tried x rows.
using Scores = std::vector<std::vector<double>>;

/// The mean over held-out items of a - b (of a where b is empty), with its standard error.
Mean mean_of(const Trial& trial, const VoteTable& table, const Scores& a, const Scores& b) {
  double sum = 0;
  double squares = 0;
  Mean mean;
  const auto each = [&](auto&& take) {
    for (int fold = 0; fold < static_cast<int>(a.size()); ++fold) {
      for (std::size_t row = 0; row < table.size(); ++row) {
        const Count items =
            trial.is_held_out(row) ? items_in_fold(table.counts[row], row, fold) : Count{0};
        if (items > 0) {
          const double other = b.empty() ? 0.0 : b[to_size(fold)][row];
          take(static_cast<double>(items), a[to_size(fold)][row] - other);
          mean.items += items;
        }
      }
    }
  };
  each([&](double items, double value) { sum += items * value; });
  const auto items = static_cast<double>(mean.items);
  mean.value = sum / items;
  mean.items = 0;
  each([&](double count, double value) {
    squares += count * (value - mean.value) * (value - mean.value);
  });
  mean.error = std::sqrt(squares / std::max(items - 1, 1.0) / items);
  return mean;
}

/// Options that the method takes.
FitOptions options_of(const Method& method, const FitOptions& options) {
  FitOptions own = options;
  std::erase_if(own.parameters, [&](const auto& entry) { return !method.takes(entry.first); });
  return own;
}

class Chooser {
 public:
  Chooser(const VoteTable& table, std::span<const Method* const> candidates,
          const FitOptions& options)
      : table_{table},
        candidates_{candidates},
        options_{options},
        by_known_{known_items() >= kEnoughKnownItems},
        trial_{table, by_known_},
        scores_(candidates.size()) {
    choice_.by_known = by_known_;
  }

  Choice choose() {
    for (const Method* method : candidates_) {
      choice_.candidates.push_back({method->name(), {}, 0, 0, 0, 0});
    }
    const int num_folds = has_many_votes(table_) ? 1 : kChoiceFolds;
    for (int fold = 0; fold < num_folds; ++fold) {
      try_fold(trial_.training(fold));
    }
    for (std::size_t c = 0; c < candidates_.size(); ++c) {
      if (choice_.candidates[c].reason.empty()) {
        const Mean mean = mean_of(trial_, table_, scores_[c], {});
        choice_.candidates[c].held_out = by_known_ ? -mean.value : mean.value;
        choice_.candidates[c].standard_error = mean.error;
        choice_.items = mean.items;
      }
    }
    compare(reference());
    return std::move(choice_);
  }

 private:
  [[nodiscard]] Count known_items() const {
    Count items = 0;
    for (std::size_t row = 0; row < table_.size(); ++row) {
      items += table_.known[row] >= 0 && !table_.row(row).empty() ? table_.counts[row] : 0;
    }
    return items;
  }

  void try_fold(const VoteTable& training) {
    for (std::size_t c = 0; c < candidates_.size(); ++c) {
      Candidate& candidate = choice_.candidates[c];
      if (!candidate.reason.empty()) {
        continue;
      }
      FittedModel model = candidates_[c]->fit(training, options_of(*candidates_[c], options_));
      candidate.reason = model.reason;
      if (model.reason.empty() && model.is_majority && !by_known_) {
        candidate.reason = "says nothing of how votes come out";
      }
      if (candidate.reason.empty()) {
        scores_[c].push_back(trial_.scores(std::move(model)));
      }
    }
  }

  [[nodiscard]] std::optional<std::size_t> find(std::string_view method) const {
    for (std::size_t c = 0; c < candidates_.size(); ++c) {
      if (choice_.candidates[c].method == method) {
        return c;
      }
    }
    return std::nullopt;
  }
  [[nodiscard]] std::optional<std::size_t> find_fitted(std::string_view method) const {
    const auto c = find(method);
    return c && choice_.candidates[*c].reason.empty() ? c : std::nullopt;
  }
  [[nodiscard]] std::optional<std::size_t> reference() const {
    if (!by_known_) {
      return find_fitted("one_coin");
    }
    const auto plain = find_fitted("majority");
    const auto weighted = find_fitted("weighted_majority");
    if (!plain || !weighted) {
      return plain ? plain : weighted;
    }
    return choice_.candidates[*weighted].held_out < choice_.candidates[*plain].held_out ? weighted
                                                                                        : plain;
  }

  void compare(std::optional<std::size_t> reference) {
    if (!reference) {
      const bool has_majority = find("majority").has_value();
      choice_.method = has_majority && !table_.votes.empty() ? "majority" : "";
      choice_.why = "there is no model to compare the others with";
      return;
    }
    choice_.reference = choice_.candidates[*reference].method;
    const double errors = by_known_ ? kErrorsByKnown : kErrorsByVotes;
    std::size_t best = *reference;
    for (std::size_t c = 0; c < candidates_.size(); ++c) {
      Candidate& candidate = choice_.candidates[c];
      if (c == *reference || !candidate.reason.empty()) {
        continue;
      }
      const Mean gain = mean_of(trial_, table_, scores_[c], scores_[*reference]);
      candidate.gain = gain.value;
      candidate.gain_error = gain.error;
      if (gain.value > errors * gain.error && gain.value > choice_.candidates[best].gain) {
        best = c;
      }
    }
    choice_.method = choice_.candidates[best].method;
    say_why(choice_.candidates[best], best == *reference, errors);
  }

  void say_why(const Candidate& chosen, bool is_reference, double errors) {
    const std::string what = by_known_
                                 ? fmt::format("the classes of {} known items", choice_.items)
                                 : fmt::format("the held-out votes of {} items", choice_.items);
    const char* const many = errors == 1 ? "one standard error" : "two standard errors";
    choice_.why = is_reference
                      ? fmt::format("no model predicts {} better than {} by more than {}", what,
                                    choice_.reference, many)
                      : fmt::format(
                            "{} predicts {} better than {} by {:.4f} nats an item, standard error "
                            "{:.4f}",
                            chosen.method, what, choice_.reference, chosen.gain, chosen.gain_error);
  }

  const VoteTable& table_;
  std::span<const Method* const> candidates_;
  const FitOptions& options_;
  bool by_known_;
  Trial trial_;
  std::vector<Scores> scores_;  // by candidate
  Choice choice_;
};

}  // namespace

Choice choose_method(const VoteTable& table, std::span<const Method* const> candidates,
                     const FitOptions& options) {
  return Chooser{table, candidates.empty() ? methods() : candidates, options}.choose();
}

}  // namespace kith::label_model
