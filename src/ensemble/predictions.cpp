#include <algorithm>
#include <cmath>
#include <map>

#include "ensemble/held_out.hpp"
#include "ensemble/pool.hpp"

namespace kith::ensemble {
namespace {

std::vector<LabelRow<float>> rows_of(std::span<const Member> members, std::size_t seed) {
  std::vector<LabelRow<float>> rows;
  for (const Member& member : members) {
    rows.push_back(member.held_out_scores[seed]);
  }
  return rows;
}

/// Adds what each member says of a seed.
void add_members(PooledItem& item, std::vector<LabelRows<double>>& all) {
  const std::vector<double> even(item.columns().width(), 1.0 / item.columns().num_classes());
  for (std::size_t m = 0; m < all.size(); ++m) {
    append(item.columns(), item.speaks(m) ? item.probabilities(m) : std::span{even}, all[m]);
  }
}

double log_of(const LabelRows<double>& rows, Label label) {
  return std::log(std::max(rows[rows.size() - 1][label], kLeastProbability));
}

/// Adds a seed of which the pool knows nothing.
void add_seed(PooledItem& item, bool is_reached, Label truth, HeldOutPredictions& held_out) {
  held_out.truth.push_back(truth);
  for (std::size_t m = 0; m < held_out.member_votes.size(); ++m) {
    held_out.member_votes[m].push_back(
        item.speaks(m) ? best_label(item.columns(), item.probabilities(m)) : Label{});
  }
  add_members(item, held_out.member_probabilities);
  append(item.columns(), item.distribution(), held_out.of_seeds);
  held_out.consensus.push_back(is_reached ? best_label(item.columns(), item.distribution())
                                          : Label{});
  held_out.sureness.push_back(item.sureness());
  for (std::size_t m = 0; m < held_out.member_votes.size() && is_reached; ++m) {
    held_out.added[m] += log_of(held_out.of_seeds, truth) -
                         std::max(item.log_without(m, truth), std::log(kLeastProbability));
  }
}

HeldOutPredictions no_predictions(std::span<const Member> members) {
  const LabelRows<double> empty = rows_like(members.front());
  HeldOutPredictions held_out;
  held_out.member_votes.resize(members.size());
  held_out.member_probabilities.resize(members.size(), empty);
  held_out.raw_probabilities.resize(members.size(), empty);
  held_out.added.assign(members.size(), 0.0);
  held_out.of_seeds = empty;
  held_out.raw_pool = empty;
  return held_out;
}

}  // namespace

HeldOutPredictions predict_held_out(std::span<const FoldedSeed> seeds,
                                    std::span<const Member> members) {
  HeldOutPredictions held_out = no_predictions(members);
  const int num_classes = held_out.of_seeds.num_classes;
  const Pool raw_pool = unfitted_pool(members);
  PooledItem raw{raw_pool, num_classes};
  std::map<int, Pool> of_fold;
  for (std::size_t i = 0; i < seeds.size(); ++i) {
    const int fold = seeds[i].fold;
    if (fold < 0) {
      continue;
    }
    if (!of_fold.contains(fold)) {
      of_fold[fold] = fit_pool(members, seeds, fold);
    }
    const std::vector<LabelRow<float>> rows = rows_of(members, i);
    (void)raw.combine(rows);
    add_members(raw, held_out.raw_probabilities);
    append(raw.columns(), raw.distribution(), held_out.raw_pool);
    PooledItem item{of_fold.at(fold), num_classes};
    const bool is_reached = item.combine(rows);
    add_seed(item, is_reached, seeds[i].seed.label, held_out);
  }
  held_out.probabilities = held_out.of_seeds;
  for (double& added : held_out.added) {
    added /= std::max(1.0, static_cast<double>(held_out.truth.size()));
  }
  return held_out;
}

void balance_held_out(std::span<const double> class_factors, HeldOutPredictions& held_out) {
  LabelRows<double>& rows = held_out.probabilities;
  rows = held_out.of_seeds;
  const ClassFactors factors{std::vector<double>(class_factors.begin(), class_factors.end())};
  Candidates columns{rows.num_classes};
  std::vector<double> distribution;
  std::vector<float> zeros;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const LabelRow<double> row = rows[i];
    zeros.assign(row.values.size(), 0.0F);
    columns.gather({zeros, row.labels, 0.0F, row.num_classes});
    distribution.resize(columns.width());
    columns.spread(row, distribution);
    balance(columns, factors, distribution);
    columns.store(distribution, i, rows);
    if (!held_out.consensus[i].is_none()) {
      held_out.consensus[i] = best_label(columns, distribution);
    }
  }
}

}  // namespace kith::ensemble
