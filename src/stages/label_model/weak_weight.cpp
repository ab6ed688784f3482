#include "stages/label_model/weak_weight.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/heads/heads.hpp"

#include "stages/folds.hpp"
#include "stages/heads/head_vectors.hpp"
#include "stages/label_model/weak_seeds.hpp"

namespace kith::stages {
namespace {

constexpr std::array kTriedWeights{0.0, 0.01, 0.03, 0.1, 0.3, 1.0};
constexpr std::size_t kUsual = 3;

/// Weighted losses of the seeds that are held out.
using Losses = std::vector<double>;

/// Local. training.labels: those of the seeds first.
Losses losses_at(double weight, heads::TrainingSet training,
                 std::span<const ensemble::FoldedSeed> seeds, bool unit_rows) {
  if (weight == 0) {
    training.labels.resize(seeds.size());
  }
  for (std::size_t i = seeds.size(); i < training.labels.size(); ++i) {
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
std::vector<Losses> try_weights(run::Workspace& workspace) {
  const comm::Communicator& comm = workspace.comm;
  const HeadVectors vectors{workspace, ""};
  const heads::TrainingSet training = vectors.training_set();
  const FoldedSeeds& seeds = workspace.outputs.get<FoldedSeeds>();
  const auto root_of = [&](std::size_t i) { return Rank{static_cast<int>(i) % comm.size()}; };
  std::vector<Losses> losses(kTriedWeights.size());
  comm::locally(comm, [&] {
    for (std::size_t i = 0; i < losses.size(); ++i) {
      if (root_of(i) == comm.rank()) {
        losses[i] = losses_at(kTriedWeights[i], training, seeds, vectors.are_unit());
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

WeakWeight choose(const std::vector<Losses>& losses, double total_weight) {
  const auto sum = [](const Losses& one) { return std::accumulate(one.begin(), one.end(), 0.0); };
  const auto best =
      std::min_element(losses.begin(), losses.end(),
                       [&](const Losses& a, const Losses& b) { return sum(a) < sum(b); });
  WeakWeight chosen;
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

WeakWeight choose_weak_weight(run::Workspace& workspace, std::vector<corpus::Seed> weak) {
  workspace.outputs.put<WeakSeeds>({std::move(weak)});
  need_folds(workspace);
  const FoldedSeeds& seeds = workspace.outputs.get<FoldedSeeds>();
  double held_out = 0;
  for (const ensemble::FoldedSeed& entry : seeds) {
    held_out += entry.fold >= 0 ? double{entry.seed.weight} : 0.0;
  }
  WeakWeight chosen{kTriedWeights[kUsual]};
  if (held_out > 0) {
    chosen = choose(try_weights(workspace), held_out);
  }
  workspace.outputs.drop<WeakSeeds>();  // they lack their weight
  return chosen;
}

}  // namespace kith::stages
