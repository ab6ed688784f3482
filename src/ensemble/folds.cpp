#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "kith/core/error.hpp"
#include "kith/core/random.hpp"
#include "kith/ensemble/ensemble.hpp"

namespace kith::ensemble {
namespace {

using propagate::NodeSeed;

/// The b-th resample of `seeds`: as many draws a class as the class has seeds, with replacement, so
/// that no class is lost. Weights count the draws.
std::vector<NodeSeed> resample(std::span<const NodeSeed> seeds, int bootstrap, int fold,
                               std::uint64_t seed) {
  std::map<Label, std::vector<std::size_t>> of_class;
  for (std::size_t i = 0; i < seeds.size(); ++i) {
    of_class[seeds[i].label].push_back(i);
  }
  std::vector<int> draws(seeds.size(), 0);
  const auto stream =
      static_cast<std::uint64_t>(bootstrap) * 1000003U + static_cast<std::uint64_t>(fold + 1);
  for (const auto& [label, members] : of_class) {
    for (std::size_t draw = 0; draw < members.size(); ++draw) {
      const std::int64_t id = (std::int64_t{label.value()} << 32) + static_cast<std::int64_t>(draw);
      const double u = random_uniform(seed, Purpose::seed_bootstrap, id, stream);
      ++draws[members[static_cast<std::size_t>(u * static_cast<double>(members.size()))]];
    }
  }
  std::vector<NodeSeed> drawn;
  for (std::size_t i = 0; i < seeds.size(); ++i) {
    if (draws[i] > 0) {
      drawn.push_back(seeds[i]);
      drawn.back().weight *= static_cast<float>(draws[i]);
    }
  }
  return drawn;
}

/// Seeds for learning when `fold` is held out (-1: none is).
std::vector<NodeSeed> training_seeds(std::span<const FoldedSeed> seeds, int fold) {
  std::vector<NodeSeed> kept;
  for (const FoldedSeed& entry : seeds) {
    if (fold < 0 || entry.fold != fold) {
      kept.push_back(entry.seed);
    }
  }
  return kept;
}

/// The seeds of the task's fold are what it is measured with.
void hold_out(std::span<const FoldedSeed> seeds, propagate::Task& task) {
  for (const FoldedSeed& entry : seeds) {
    if (task.fold >= 0 && entry.fold == task.fold) {
      task.validation_nodes.push_back(entry.seed.node);
      task.truth.push_back(entry.seed.label);
    }
  }
}

/// And what is known of other nodes by votes.
std::vector<NodeSeed> with_weak(const std::vector<NodeSeed>& known,
                                std::span<const NodeSeed> weak) {
  std::set<Position> nodes;
  for (const NodeSeed& seed : known) {
    nodes.insert(seed.node);
  }
  std::vector<NodeSeed> all = known;
  std::copy_if(weak.begin(), weak.end(), std::back_inserter(all),
               [&](const NodeSeed& seed) { return !nodes.contains(seed.node); });
  return all;
}

}  // namespace

std::vector<FoldedSeed> deal_folds(std::span<const NodeSeed> seeds, std::span<const Position> soft,
                                   const EnsembleConfig& config) {
  const std::set<Position> unsure(soft.begin(), soft.end());
  std::vector<FoldedSeed> folded;
  for (const NodeSeed& seed : seeds) {
    folded.push_back({seed, -1});
  }
  std::sort(folded.begin(), folded.end(), [](const FoldedSeed& a, const FoldedSeed& b) {
    return std::tie(a.seed.node, a.seed.label) < std::tie(b.seed.node, b.seed.label);
  });
  // A node belongs to the class of its first label: its other labels go where it goes.
  std::map<Label, std::vector<std::pair<std::uint64_t, Position>>> of_class;
  Position last;
  for (const FoldedSeed& entry : folded) {
    if (entry.seed.node != last && !unsure.contains(entry.seed.node)) {
      const auto hash = random_bits(config.seed, Purpose::seed_fold, entry.seed.node.value());
      of_class[entry.seed.label].push_back({hash, entry.seed.node});
      last = entry.seed.node;
    }
  }
  std::map<Position, int> fold_of;
  int next = 0;  // goes on from class to class, so that folds stay equally large
  for (auto& [label, nodes] : of_class) {
    if (nodes.size() < 2 || config.folds < 2) {
      continue;
    }
    std::sort(nodes.begin(), nodes.end());
    for (const auto& [hash, node] : nodes) {
      fold_of[node] = next++ % config.folds;
    }
  }
  for (FoldedSeed& entry : folded) {
    const auto found = fold_of.find(entry.seed.node);
    entry.fold = found == fold_of.end() ? -1 : found->second;
  }
  return folded;
}

std::vector<propagate::Task> make_tasks(std::span<const FoldedSeed> seeds,
                                        std::span<const NodeSeed> weak,
                                        std::span<const MemberConfig> members,
                                        const EnsembleConfig& config, int num_classes) {
  std::vector<propagate::Task> tasks;
  const std::vector<double> prior = class_prior(seeds, config, num_classes);
  for (int fold = -1; fold < (config.folds < 2 ? 0 : config.folds); ++fold) {
    propagate::Task of_fold;  // what is the same for all members
    of_fold.fold = fold;
    of_fold.prior = prior;
    hold_out(seeds, of_fold);
    if (fold >= 0 && of_fold.truth.empty()) {
      continue;
    }
    const std::vector<NodeSeed> known = training_seeds(seeds, fold);
    const std::vector<NodeSeed> all = with_weak(known, weak);
    for (const MemberConfig& member : members) {
      if (member.head != nullptr) {
        continue;
      }
      propagate::Task task = of_fold;
      task.name = fold < 0 ? member.name : fmt::format("{}/fold{}", member.name, fold);
      task.solver = member.solver;
      const propagate::MethodFacts& facts = member.solver.method->facts();
      const bool takes_weak = !facts.needs_no_seeds && (facts.weighs_seeds || seeds.empty());
      const std::vector<NodeSeed>& training = takes_weak ? all : known;
      task.seeds =
          member.bootstrap > 0 ? resample(training, member.bootstrap, fold, config.seed) : training;
      task.group = static_cast<int>(&member - members.data());
      tasks.push_back(std::move(task));
    }
  }
  return tasks;
}

}  // namespace kith::ensemble
