#include "stages/heads/teaching_weight.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <set>

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"

#include "stages/folds.hpp"
#include "stages/heads/head_vectors.hpp"

namespace kith::stages {
namespace {

constexpr std::array kTriedWeights{0.0, 0.01, 0.03, 0.1, 0.3, 1.0};
constexpr std::size_t kUsual = 3;

/// Weighted losses of the seeds that are held out.
using Losses = std::vector<double>;

/// Local. training.labels: those that stay as they are first.
Losses losses_at(double weight, heads::TrainingSet training, std::size_t num_fixed,
                 std::span<const ensemble::FoldedSeed> seeds, bool unit_rows) {
  if (weight == 0) {
    training.labels.resize(num_fixed);
  }
  for (std::size_t i = num_fixed; i < training.labels.size(); ++i) {
    training.labels[i].weight *= static_cast<float>(weight);
  }
  heads::FitConfig config;
  config.unit_rows = unit_rows;
  const heads::Fits fits = heads::find_method("lda")->fit(training, config);
  const LabelRows<float> said = predict_held_out(seeds, training, fits.folds, training.num_classes);
  Losses losses;
  for (std::size_t i = 0; i < seeds.size(); ++i) {
    if (seeds[i].fold >= 0) {
      const double p = std::max(double{said[i][seeds[i].seed.label]}, 1e-7);
      losses.push_back(-std::log(p) * double{seeds[i].seed.weight});
    }
  }
  return losses;
}

/// Collective. Each weight is tried by one rank.
std::vector<Losses> try_weights(const run::Workspace& workspace, const heads::TrainingSet& training,
                                std::size_t num_fixed, bool unit_rows) {
  const comm::Communicator& comm = workspace.comm;
  const FoldedSeeds& seeds = workspace.outputs.get<FoldedSeeds>();
  const auto root_of = [&](std::size_t i) { return Rank{static_cast<int>(i) % comm.size()}; };
  std::vector<Losses> losses(kTriedWeights.size());
  comm::locally(comm, [&] {
    for (std::size_t i = 0; i < losses.size(); ++i) {
      if (root_of(i) == comm.rank()) {
        losses[i] = losses_at(kTriedWeights[i], training, num_fixed, seeds, unit_rows);
      }
    }
  });
  for (std::size_t i = 0; i < losses.size(); ++i) {
    comm::broadcast(comm, losses[i], root_of(i));
  }
  return losses;
}

/// How much better `best` is than `other`. total_weight: of the seeds.
TriedWeight compare(const Losses& other, const Losses& best, double total_weight) {
  const auto count = static_cast<double>(other.size());
  TriedWeight tried;
  double squares = 0;
  for (std::size_t i = 0; i < other.size(); ++i) {
    tried.log_loss += other[i] / total_weight;
    tried.gain += (other[i] - best[i]) / total_weight;
    squares += (other[i] - best[i]) * (other[i] - best[i]);
  }
  const double mean = tried.gain * total_weight / count;
  const double variance = std::max(0.0, squares / count - mean * mean);
  tried.gain_error = std::sqrt(count * variance) / total_weight;
  return tried;
}

std::size_t steps_from_usual(std::size_t i) {
  return i < kUsual ? kUsual - i : i - kUsual;
}

TeachingWeight choose(const std::vector<Losses>& losses, double total_weight) {
  const auto sum = [](const Losses& one) { return std::accumulate(one.begin(), one.end(), 0.0); };
  const auto best =
      std::min_element(losses.begin(), losses.end(),
                       [&](const Losses& a, const Losses& b) { return sum(a) < sum(b); });
  TeachingWeight chosen;
  const auto first = static_cast<std::size_t>(best - losses.begin());
  std::size_t at = first;
  for (std::size_t i = 0; i < losses.size(); ++i) {
    TriedWeight tried = compare(losses[i], *best, total_weight);
    tried.weight = kTriedWeights[i];
    const bool is_as_good = tried.gain <= tried.gain_error && kTriedWeights[first] > 0;
    if (is_as_good && steps_from_usual(i) < steps_from_usual(at)) {
      at = i;
    }
    chosen.tried.push_back(tried);
  }
  chosen.weight = kTriedWeights[at];
  return chosen;
}

}  // namespace

TeachingWeight choose_weight(const run::Workspace& workspace, const heads::TrainingSet& training,
                             std::size_t num_fixed, bool unit_rows) {
  double held_out = 0;
  for (const ensemble::FoldedSeed& entry : workspace.outputs.get<FoldedSeeds>()) {
    held_out += entry.fold >= 0 ? double{entry.seed.weight} : 0.0;
  }
  return held_out > 0 ? choose(try_weights(workspace, training, num_fixed, unit_rows), held_out)
                      : TeachingWeight{kTriedWeights[kUsual]};
}

std::vector<double> factors_as_seeds(std::span<const corpus::Seed> seeds,
                                     std::span<const double> of_classes) {
  constexpr double kMostFactor = 4;  // a class of which little is seen stays one of little
  std::vector<double> of_seeds(of_classes.size(), 0.0);
  std::set<GlobalId> rows;
  for (const corpus::Seed& seed : seeds) {
    of_seeds[to_size(seed.label)] += double{seed.weight};
    rows.insert(seed.row);
  }
  const double all_seeds = std::accumulate(of_seeds.begin(), of_seeds.end(), 0.0);
  const double all = std::accumulate(of_classes.begin(), of_classes.end(), 0.0);
  const double mean_weight = all_seeds / static_cast<double>(rows.size());
  std::vector<double> factors;
  for (std::size_t k = 0; k < of_classes.size(); ++k) {
    const double wanted = of_seeds[k] / all_seeds;
    const double found = of_classes[k] / all;
    const double factor = wanted > 0 ? std::min(wanted / found, kMostFactor) : 1.0;
    factors.push_back(mean_weight * factor);
  }
  return factors;
}

io::Json to_json(const TeachingWeight& chosen) {
  io::Json json;
  json["weight"] = chosen.weight;
  json["tried"] = io::Json::array();
  for (const TriedWeight& tried : chosen.tried) {
    json["tried"].push_back({{"weight", tried.weight},
                             {"held_out_log_loss", tried.log_loss},
                             {"gain_of_best", tried.gain},
                             {"gain_error", tried.gain_error}});
  }
  return json;
}

}  // namespace kith::stages
