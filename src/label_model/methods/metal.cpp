#include <algorithm>
#include <cmath>
#include <numeric>

#include "kith/calibrate/minimize.hpp"
#include "kith/core/parallel.hpp"

#include "label_model/methods/parameters.hpp"
#include "label_model/methods/registry.hpp"

namespace kith::label_model {
namespace {

constexpr Count kMostColumns = 5000;   // voters x classes; their square is held, and gone through
constexpr double kMostProducts = 2e8;  // of one step, which takes a second then
                                       // K times an iteration
constexpr double kCopies = 0.7;        // of the votes of every column, at the start
constexpr Count kColumnsAtOnce = 16;

const Parameter kRidge{.name = "ridge",
                       .help =
                           "how strongly the start holds what the moments leave open: inverse "
                           "variance of the logits around it",
                       .fallback = 10,
                       .range = {1e-6, 1e6}};

/// A column is a vote that some voter casts: (voter, label).
struct Column {
  std::int32_t voter = 0;
  std::int32_t label = 0;
};

/// The moments of the votes: the share of items with both votes, columns x columns, the diagonal
/// being the share of items with one.
class Moments {
 public:
  explicit Moments(const Task& task) {
    const VoteTable& table = task.table;
    std::vector<std::int32_t> column_of(to_size(table.num_voters) * to_size(table.num_classes), -1);
    for (int m = 0; m < table.num_voters; ++m) {
      first_.push_back(columns_.size());
      for (const std::int32_t label : task.index.breadth(m).classes) {
        column_of[to_size(m) * to_size(table.num_classes) + to_size(label)] =
            static_cast<std::int32_t>(columns_.size());
        columns_.push_back({m, label});
      }
    }
    first_.push_back(columns_.size());
    num_items_ = static_cast<double>(table.num_items());
    std::vector<Count> counts(size() * size(), 0);
    for (std::size_t row = 0; row < table.size(); ++row) {
      for (const Vote& a : table.row(row)) {
        for (const Vote& b : table.row(row)) {
          const auto at = [&](const Vote& vote) {
            return to_size(
                column_of[to_size(vote.voter) * to_size(table.num_classes) + to_size(vote.label)]);
          };
          counts[at(a) * size() + at(b)] += table.counts[row];
        }
      }
    }
    shares_.resize(counts.size());
    std::transform(counts.begin(), counts.end(), shares_.begin(),
                   [&](Count count) { return static_cast<double>(count) / num_items_; });
  }

  [[nodiscard]] std::size_t size() const { return columns_.size(); }
  [[nodiscard]] const Column& column(std::size_t index) const { return columns_[index]; }
  /// The columns of a voter are first(voter) to first(voter + 1).
  [[nodiscard]] std::size_t first(std::size_t voter) const { return first_[voter]; }
  [[nodiscard]] double share(std::size_t a, std::size_t b) const { return shares_[a * size() + b]; }
  [[nodiscard]] double share(std::size_t a) const { return share(a, a); }
  [[nodiscard]] double num_items() const { return num_items_; }

 private:
  std::vector<Column> columns_;
  std::vector<std::size_t> first_;
  std::vector<double> shares_;
  double num_items_ = 0;
};

/// Loss over logits z[column][k]: mu[(m, l)][k] = exp(z) / (1 + sum of exp(z) over m's columns), so
/// that what m votes on class k, and that it abstains, sum to 1.
class MomentLoss {
 public:
  MomentLoss(const Moments& moments, std::span<const double> prior, double ridge)
      : moments_{moments}, prior_{prior}, num_classes_{prior.size()}, ridge_{ridge} {
    start_ = start_logits(start());
  }

  [[nodiscard]] const std::vector<double>& first() const { return start_; }

  [[nodiscard]] std::vector<double> chances(std::span<const double> logits) const {
    std::vector<double> mu(logits.size());
    for (std::size_t m = 0; m < voters(); ++m) {
      for (std::size_t k = 0; k < num_classes_; ++k) {
        double largest = 0;
        for (std::size_t c = moments_.first(m); c < moments_.first(m + 1); ++c) {
          largest = std::max(largest, logits[c * num_classes_ + k]);
        }
        double all = std::exp(-largest);
        for (std::size_t c = moments_.first(m); c < moments_.first(m + 1); ++c) {
          mu[c * num_classes_ + k] = std::exp(logits[c * num_classes_ + k] - largest);
          all += mu[c * num_classes_ + k];
        }
        for (std::size_t c = moments_.first(m); c < moments_.first(m + 1); ++c) {
          mu[c * num_classes_ + k] /= all;
        }
      }
    }
    return mu;
  }

  double operator()(std::span<const double> logits, std::span<double> gradient) const {
    const std::vector<double> mu = chances(logits);
    std::vector<double> losses(moments_.size(), 0.0);
    std::vector<double> slopes(mu.size(), 0.0);  // by mu
    parallel_for(count_of(losses), kColumnsAtOnce, [&](Count begin, Count end) {
      for (std::size_t a = to_size(begin); a < to_size(end); ++a) {
        losses[a] = column_loss(mu, a, slopes.data() + a * num_classes_);
      }
    });
    into_logits(mu, slopes, gradient);
    double loss = std::accumulate(losses.begin(), losses.end(), 0.0);
    for (std::size_t i = 0; i < logits.size(); ++i) {
      const double away = logits[i] - start_[i];
      loss += ridge_ * away * away / 2;
      gradient[i] += ridge_ * away;
    }
    return loss;
  }

 private:
  static constexpr double kLeastAbstention = 1e-3;
  static constexpr double kMostVotes = 0.999;  // of a voter on a class, at the start

  [[nodiscard]] std::size_t voters() const {
    return to_size(moments_.column(moments_.size() - 1).voter) + 1;
  }
  [[nodiscard]] bool is_moment(std::size_t a, std::size_t b) const {
    return moments_.column(a).voter != moments_.column(b).voter;
  }

  /// A share kCopies of each voter's votes for a class copies the truth, others are cast whatever
  /// is true: mu = share (kCopies / pi_l + 1 - kCopies) for the class it names, else share (1 -
  /// kCopies).
  [[nodiscard]] std::vector<double> start() const {
    std::vector<double> mu(moments_.size() * num_classes_);
    for (std::size_t c = 0; c < moments_.size(); ++c) {
      const std::size_t label = to_size(moments_.column(c).label);
      for (std::size_t k = 0; k < num_classes_; ++k) {
        const double ratio = (k == label ? kCopies / prior_[label] : 0.0) + 1 - kCopies;
        mu[c * num_classes_ + k] = moments_.share(c) * ratio;
      }
    }
    for (std::size_t m = 0; m < voters(); ++m) {
      for (std::size_t k = 0; k < num_classes_; ++k) {
        double all = 0;
        for (std::size_t c = moments_.first(m); c < moments_.first(m + 1); ++c) {
          all += mu[c * num_classes_ + k];
        }
        for (std::size_t c = moments_.first(m); c < moments_.first(m + 1); ++c) {
          mu[c * num_classes_ + k] *= std::min(1.0, kMostVotes / all);
        }
      }
    }
    return mu;
  }

  [[nodiscard]] std::vector<double> start_logits(std::span<const double> mu) const {
    std::vector<double> logits(mu.size());
    for (std::size_t m = 0; m < voters(); ++m) {
      for (std::size_t k = 0; k < num_classes_; ++k) {
        double all = 0;
        for (std::size_t c = moments_.first(m); c < moments_.first(m + 1); ++c) {
          all += mu[c * num_classes_ + k];
        }
        for (std::size_t c = moments_.first(m); c < moments_.first(m + 1); ++c) {
          logits[c * num_classes_ + k] =
              std::log(mu[c * num_classes_ + k] / std::max(1 - all, kLeastAbstention));
        }
      }
    }
    return logits;
  }

  /// Items by the variance of a moment, 1 / Var O_ab: as observed, or as independent votes have it
  /// if that is more.
  [[nodiscard]] double precision(std::size_t a, std::size_t b) const {
    const double share = std::max(moments_.share(a, b), moments_.share(a) * moments_.share(b));
    return moments_.num_items() / share;
  }

  /// (1/2) sum_b (mu_a P mu_b' - O_ab)^2 / Var O_ab, half of it as every pair is met twice, and
  /// (1/2) (mu_a pi - O_aa)^2 / Var O_aa; `slope` is that of the whole loss by mu_a.
  double column_loss(std::span<const double> mu, std::size_t a, double* slope) const {
    const double* own = mu.data() + a * num_classes_;
    double marginal = -moments_.share(a);
    for (std::size_t k = 0; k < num_classes_; ++k) {
      marginal += own[k] * prior_[k];
    }
    const double weight = moments_.num_items() / moments_.share(a);
    double loss = weight * marginal * marginal / 2;
    for (std::size_t k = 0; k < num_classes_; ++k) {
      slope[k] = weight * marginal * prior_[k];
    }
    for (std::size_t b = 0; b < moments_.size(); ++b) {
      if (!is_moment(a, b)) {
        continue;
      }
      const double* other = mu.data() + b * num_classes_;
      double residual = -moments_.share(a, b);
      for (std::size_t k = 0; k < num_classes_; ++k) {
        residual += own[k] * prior_[k] * other[k];
      }
      const double pull = precision(a, b) * residual;
      loss += pull * residual / 4;
      for (std::size_t k = 0; k < num_classes_; ++k) {
        slope[k] += pull * prior_[k] * other[k];
      }
    }
    return loss;
  }

  /// d/dz_c = mu_c (d/dmu_c - sum over the voter's columns of mu d/dmu)
  void into_logits(std::span<const double> mu, std::span<const double> slopes,
                   std::span<double> gradient) const {
    for (std::size_t m = 0; m < voters(); ++m) {
      for (std::size_t k = 0; k < num_classes_; ++k) {
        double mean = 0;
        for (std::size_t c = moments_.first(m); c < moments_.first(m + 1); ++c) {
          mean += mu[c * num_classes_ + k] * slopes[c * num_classes_ + k];
        }
        for (std::size_t c = moments_.first(m); c < moments_.first(m + 1); ++c) {
          const std::size_t at = c * num_classes_ + k;
          gradient[at] = mu[at] * (slopes[at] - mean);
        }
      }
    }
  }

  const Moments& moments_;
  std::span<const double> prior_;
  std::size_t num_classes_;
  double ridge_;
  std::vector<double> start_;  // columns x K logits
};

/// Second moments fix the model of two classes with known shares; of more classes they leave a
/// rotation open, and with few votes much else: the start decides there, held by the ridge. So the
/// order of classes is its own, and no permutation is looked for. Each moment counts by its
/// variance (generalized method of moments) where the paper has all count alike. Ridges of 0.1, 1
/// and 10 make 43.8, 45.4 and 47.7 % right with 20 keyword rules (majority 47.3), 71.2, 76.3 and
/// 91.4 % with 176 annotators (majority 89.7): perf/label_models.py -- --votes.ridge R.
class Metal : public Method {
 public:
  Metal()
      : Method{{.name = "metal",
                .citation = "A. Ratner, B. Hancock, J. Dunnmon, F. Sala, S. Pandey, C. Re, AAAI "
                            "(2019): the pairwise moments of the votes, matched",
                .parameters = {kRidge, kMaxIterations}}} {}

 private:
  [[nodiscard]] FittedModel learn(const Task& task) const override {
    FittedModel model;
    model.reason = task.missing_voters("metal");
    const Count columns = Count{task.table.num_voters} * task.table.num_classes;
    if (columns > kMostColumns) {
      model.reason = fmt::format(
          "metal holds a table of votes by votes: {} voters x {} classes are more than {}",
          task.table.num_voters, task.table.num_classes, kMostColumns);
    }
    const double products = static_cast<double>(columns * columns) * task.table.num_classes;
    if (model.reason.empty() && products > kMostProducts) {
      model.reason = fmt::format(
          "metal compares each class in every pair of votes: {} voters x {} "
          "classes take too long",
          task.table.num_voters, task.table.num_classes);
    }
    if (model.reason.empty() && 2 * columns * columns > task.options.max_numbers) {
      model.reason = "the moments of the votes need more memory than is allowed";
    }
    if (!model.reason.empty()) {
      return model;
    }
    model.prior = usual_prior(task);
    model.learns_prior = task.learns_prior();
    const Moments moments{task};
    const MomentLoss loss{moments, model.prior, task.parameter(kRidge)};
    const calibrate::StopRule stop{
        .gradient = 1e-7,
        .decrease = 1e-7,
        .max_iterations = static_cast<int>(task.parameter(kMaxIterations))};
    const std::vector<double> logits = calibrate::minimize(
        [&](std::span<const double> at, std::span<double> gradient) { return loss(at, gradient); },
        loss.first(), stop);
    set_voters(task, moments, loss.chances(logits), model);
    return model;
  }

  static void set_voters(const Task& task, const Moments& moments, std::span<const double> mu,
                         FittedModel& model) {
    const std::size_t num_classes = model.prior.size();
    // No estimate is closer to 0 than what one item could show.
    const double least = std::min(0.01, 0.1 / static_cast<double>(task.table.num_items()));
    model.propensities.assign(to_size(task.table.num_voters) * num_classes, 0.5);
    model.voters.resize(to_size(task.table.num_voters));
    for (std::size_t m = 0; m < model.voters.size(); ++m) {
      if (task.index.breadth(static_cast<int>(m)).votes == 0) {
        continue;
      }
      std::vector<double>& table = model.voters[m].table;
      table.assign(num_classes * num_classes, 0.0);
      for (std::size_t k = 0; k < num_classes; ++k) {
        double& votes = model.propensities[m * num_classes + k];
        votes = 0;
        for (std::size_t c = moments.first(m); c < moments.first(m + 1); ++c) {
          votes += std::max(mu[c * num_classes + k], least);
        }
        for (std::size_t c = moments.first(m); c < moments.first(m + 1); ++c) {
          table[k * num_classes + to_size(moments.column(c).label)] =
              std::max(mu[c * num_classes + k], least) / votes;
        }
        votes = std::min(votes, 1 - least);
      }
    }
  }
};

}  // namespace

const Method& metal() {
  static const Metal kMethod;
  return kMethod;
}

}  // namespace kith::label_model
