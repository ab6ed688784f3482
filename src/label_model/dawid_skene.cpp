#include "kith/label_model/dawid_skene.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kith/core/parallel.hpp"
#include "kith/core/softmax.hpp"

namespace kith::label_model {
namespace {

constexpr Count kMaxChunks = 64;
constexpr Count kLeastChunk = 512;

/// What the M-step needs, summed over a chunk of patterns.
struct Sums {
  std::vector<double> classes;  // K
  std::vector<double> votes;    // voters x K voted x K true
  double bound = 0;

  Sums(std::size_t num_classes, std::size_t num_voters)
      : classes(num_classes, 0.0), votes(num_voters * num_classes * num_classes, 0.0) {}
  void add(const Sums& other) {
    std::transform(classes.begin(), classes.end(), other.classes.begin(), classes.begin(),
                   std::plus<>{});
    std::transform(votes.begin(), votes.end(), other.votes.begin(), votes.begin(), std::plus<>{});
    bound += other.bound;
  }
};

class Fitter {
 public:
  Fitter(const PatternCounts& patterns, const DawidSkeneConfig& config)
      : patterns_{patterns},
        config_{config},
        num_classes_{to_size(patterns.num_classes)},
        num_voters_{to_size(patterns.num_voters)} {}

  DawidSkene fit() {
    posteriors_.assign(patterns_.size() * num_classes_, 0.0);
    maximize(over_chunks([this](std::size_t u, Sums& sums) {
      start(u);
      collect(u, sums);
    }));
    DawidSkene model;
    const double enough = config_.tolerance * static_cast<double>(patterns_.num_items());
    for (double last = -INFINITY; model.iterations < config_.max_iterations;) {
      const Sums sums = over_chunks([this](std::size_t u, Sums& partial) {
        partial.bound += static_cast<double>(patterns_.counts[u]) * expect(u);
        collect(u, partial);
      });
      ++model.iterations;
      model.bound = sums.bound + log_prior();
      model.converged = model.bound - last < enough;
      last = model.bound;
      if (model.converged || model.iterations == config_.max_iterations) {
        break;
      }
      maximize(sums);
    }
    export_to(model);
    return model;
  }

 private:
  [[nodiscard]] double* posterior(std::size_t u) { return posteriors_.data() + u * num_classes_; }
  [[nodiscard]] const double* log_row(std::size_t voter, std::int32_t vote) const {
    return log_chance_.data() + (voter * num_classes_ + to_size(vote)) * num_classes_;
  }

  /// Sums work(pattern, sums) in chunks that depend on the patterns only, added in order. As many
  /// are held at once as there are threads: of many classes they are large.
  template <class Work>
  Sums over_chunks(Work&& work) {
    const Count total = count_of(patterns_.counts);
    const Count grain = std::max(kLeastChunk, (total + kMaxChunks - 1) / kMaxChunks);
    const Count at_once = grain * num_threads();
    Sums all{num_classes_, num_voters_};
    for (Count first = 0; first < total; first += at_once) {
      const Count patterns = std::min(at_once, total - first);
      std::vector<Sums> chunks(to_size((patterns + grain - 1) / grain),
                               Sums{num_classes_, num_voters_});
      parallel_for(patterns, grain, [&](Count begin, Count end) {
        for (Count u = begin; u < end; ++u) {
          work(to_size(first + u), chunks[to_size(begin / grain)]);
        }
      });
      for (const Sums& chunk : chunks) {
        all.add(chunk);
      }
    }
    return all;
  }

  void start(std::size_t u) {
    double* q = posterior(u);
    std::fill_n(q, num_classes_, 1.0 / static_cast<double>(num_classes_));
    double cast = 1;
    for (const std::int32_t vote : patterns_.pattern(u)) {
      if (vote >= 0) {
        q[to_size(vote)] += 1;
        cast += 1;
      }
    }
    std::transform(q, q + num_classes_, q, [&](double value) { return value / cast; });
  }

  void collect(std::size_t u, Sums& sums) {
    const auto count = static_cast<double>(patterns_.counts[u]);
    const double* q = posterior(u);
    for (std::size_t k = 0; k < num_classes_; ++k) {
      sums.classes[k] += count * q[k];
    }
    const auto pattern = patterns_.pattern(u);
    for (std::size_t m = 0; m < num_voters_; ++m) {
      if (pattern[m] >= 0) {
        double* row = sums.votes.data() + (m * num_classes_ + to_size(pattern[m])) * num_classes_;
        for (std::size_t k = 0; k < num_classes_; ++k) {
          row[k] += count * q[k];
        }
      }
    }
  }

  void maximize(const Sums& sums) {
    log_prior_.assign(num_classes_, 0.0);
    const double items = std::accumulate(sums.classes.begin(), sums.classes.end(), 0.0) +
                         static_cast<double>(num_classes_) * config_.class_items;
    for (std::size_t k = 0; k < num_classes_; ++k) {
      log_prior_[k] = std::log((sums.classes[k] + config_.class_items) / items);
    }
    log_chance_ = sums.votes;
    for (std::size_t m = 0; m < num_voters_; ++m) {
      for (std::size_t k = 0; k < num_classes_; ++k) {
        double total = 0;
        for (std::size_t l = 0; l < num_classes_; ++l) {
          double& cell = log_chance_[(m * num_classes_ + l) * num_classes_ + k];
          cell += k == l ? config_.right_votes : config_.wrong_votes;
          total += cell;
        }
        for (std::size_t l = 0; l < num_classes_; ++l) {
          double& cell = log_chance_[(m * num_classes_ + l) * num_classes_ + k];
          cell = std::log(cell / total);
        }
      }
    }
  }

  /// Sets the pattern's posterior; returns the log likelihood of an item with it, which is the
  /// item's part of the bound at that posterior.
  double expect(std::size_t u) {
    double* q = posterior(u);
    std::copy(log_prior_.begin(), log_prior_.end(), q);
    const auto pattern = patterns_.pattern(u);
    for (std::size_t m = 0; m < num_voters_; ++m) {
      if (pattern[m] >= 0) {
        const double* row = log_row(m, pattern[m]);
        for (std::size_t k = 0; k < num_classes_; ++k) {
          q[k] += row[k];
        }
      }
    }
    return softmax({q, num_classes_});
  }

  /// Log density of the Dirichlet priors, without their constants: what EM climbs beside the data.
  [[nodiscard]] double log_prior() const {
    double sum = 0;
    for (const double value : log_prior_) {
      sum += config_.class_items * value;
    }
    for (std::size_t m = 0; m < num_voters_; ++m) {
      for (std::size_t l = 0; l < num_classes_; ++l) {
        for (std::size_t k = 0; k < num_classes_; ++k) {
          sum += (k == l ? config_.right_votes : config_.wrong_votes) *
                 log_chance_[(m * num_classes_ + l) * num_classes_ + k];
        }
      }
    }
    return sum;
  }

  void export_to(DawidSkene& model) {
    model.num_classes = patterns_.num_classes;
    for (const double value : log_prior_) {
      model.prior.push_back(std::exp(value));
    }
    model.confusion.resize(log_chance_.size());
    for (std::size_t m = 0; m < num_voters_; ++m) {
      for (std::size_t l = 0; l < num_classes_; ++l) {
        for (std::size_t k = 0; k < num_classes_; ++k) {
          model.confusion[(m * num_classes_ + k) * num_classes_ + l] =
              std::exp(log_chance_[(m * num_classes_ + l) * num_classes_ + k]);
        }
      }
    }
    model.posteriors = std::move(posteriors_);
  }

  const PatternCounts& patterns_;
  const DawidSkeneConfig& config_;
  std::size_t num_classes_;
  std::size_t num_voters_;
  std::vector<double> posteriors_;
  std::vector<double> log_prior_;
  std::vector<double> log_chance_;  // voters x K voted x K true
};

}  // namespace

double DawidSkene::expected_accuracy(int voter) const {
  double sum = 0;
  for (int k = 0; k < num_classes; ++k) {
    sum += prior[to_size(k)] * chance(voter, k, k);
  }
  return sum;
}

DawidSkene fit_dawid_skene(const PatternCounts& patterns, const DawidSkeneConfig& config) {
  DawidSkene model;
  if (patterns.num_voters < 3 || patterns.num_classes < 2 || patterns.size() == 0) {
    model.reason = "needs three voters, two classes and an item";
    return model;
  }
  const Count classes = patterns.num_classes;
  const Count numbers = static_cast<Count>(patterns.size()) * classes +
                        (kMaxChunks + 1) * patterns.num_voters * classes * classes;
  if (numbers > config.max_numbers) {
    model.reason = "too many vote patterns and classes for the memory of the model";
    return model;
  }
  return Fitter{patterns, config}.fit();
}

double expected_accuracy(const PatternCounts& patterns, const DawidSkene& model) {
  double sum = 0;
  for (std::size_t u = 0; u < patterns.size(); ++u) {
    const auto q = model.posterior(u);
    sum += static_cast<double>(patterns.counts[u]) * *std::max_element(q.begin(), q.end());
  }
  return sum / static_cast<double>(patterns.num_items());
}

}  // namespace kith::label_model
