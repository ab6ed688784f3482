#include "ensemble/pool.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kith/calibrate/label_noise.hpp"

#include "ensemble/held_out.hpp"

namespace kith::ensemble {
namespace {

constexpr std::size_t kSeedsOfWeights = 4000;

bool are_of_one_origin(const Member& a, const Member& b) {
  if (a.config.voter == b.config.name || b.config.voter == a.config.name) {
    return true;
  }
  if (a.source != Source::graph || b.source != Source::graph ||
      a.config.bootstrap == b.config.bootstrap) {
    return false;
  }
  MemberConfig other = b.config;
  other.name = a.config.name;
  other.bootstrap = a.config.bootstrap;
  other.weight = a.config.weight;
  return other == a.config;
}

/// The first member of the same origin, of each one.
std::vector<std::size_t> origins(std::span<const Member> members) {
  std::vector<std::size_t> first;
  for (std::size_t m = 0; m < members.size(); ++m) {
    std::size_t at = 0;
    while (at < m && !are_of_one_origin(members[at], members[m])) {
      ++at;
    }
    first.push_back(at < m ? first[at] : m);
  }
  return first;
}

/// What members of one origin weigh together is what the heaviest of them weighs.
std::vector<double> weights_by_origin(std::span<const Member> members) {
  const std::vector<std::size_t> first = origins(members);
  std::vector<double> sums(members.size(), 0.0);
  std::vector<double> largest(members.size(), 0.0);
  for (std::size_t m = 0; m < members.size(); ++m) {
    sums[first[m]] += members[m].config.weight;
    largest[first[m]] = std::max(largest[first[m]], members[m].config.weight);
  }
  std::vector<double> weights;
  for (std::size_t m = 0; m < members.size(); ++m) {
    const double sum = sums[first[m]];
    weights.push_back(sum > 0 ? members[m].config.weight * largest[first[m]] / sum : 0.0);
  }
  return weights;
}

bool is_held_out(const FoldedSeed& seed, std::optional<int> left_out) {
  return seed.fold >= 0 && seed.fold != left_out;
}

/// Every seed of the pool's fit with its combined opinion.
template <class Use>
void for_held_out(std::span<const Member> members, std::span<const FoldedSeed> seeds,
                  std::span<const std::size_t> chosen, const Pool& pool, Use&& use) {
  PooledItem item{pool, members.front().held_out_scores.num_classes};
  std::vector<LabelRow<float>> rows;
  for (const std::size_t i : chosen) {
    rows.clear();
    for (const Member& member : members) {
      rows.push_back(member.held_out_scores[i]);
    }
    if (item.combine(rows)) {
      use(item, seeds[i].seed.label);
    }
  }
}

void fit_weights(std::span<const Member> members, std::span<const FoldedSeed> seeds,
                 std::optional<int> left_out, Pool& pool) {
  const auto width = to_size(members.front().held_out_scores.num_classes);
  const auto chosen = some_seeds(
      seeds, kSeedsOfWeights, [&](const FoldedSeed& seed) { return is_held_out(seed, left_out); });
  std::vector<std::vector<double>> of_member(members.size());
  std::vector<Label> truth;
  for_held_out(members, seeds, chosen, pool, [&](const PooledItem& item, Label label) {
    for (std::size_t m = 0; m < members.size(); ++m) {
      of_member[m].insert(of_member[m].end(), item.logs(m).begin(), item.logs(m).end());
    }
    truth.push_back(label);
  });
  std::vector<double> logs;
  for (const std::vector<double>& one : of_member) {
    logs.insert(logs.end(), one.begin(), one.end());
  }
  pool.pool = qa::fit_log_pool({logs, truth, width}, pool.defaults);
}

void fit_temperature(std::span<const Member> members, std::span<const FoldedSeed> seeds,
                     std::optional<int> left_out, Pool& pool) {
  const auto chosen = some_seeds(
      seeds, kEnoughSeeds, [&](const FoldedSeed& seed) { return is_held_out(seed, left_out); });
  LabelRows<double> rows = rows_like(members.front());
  std::vector<Label> given;
  for_held_out(members, seeds, chosen, pool, [&](PooledItem& item, Label label) {
    append(item.columns(), item.distribution(), rows);
    given.push_back(label);
  });
  pool.temperature = calibrate::fit_label_noise(rows, given).temperature;
}

}  // namespace

std::vector<double> default_weights(std::span<const Member> members) {
  std::vector<double> weights = weights_by_origin(members);
  const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  for (double& weight : weights) {
    weight = total > 0 ? weight / total : 1.0 / static_cast<double>(weights.size());
  }
  return weights;
}

double total_weight(std::span<const Member> members) {
  const std::vector<double> weights = weights_by_origin(members);
  return std::accumulate(weights.begin(), weights.end(), 0.0);
}

Pool unfitted_pool(std::span<const Member> members) {
  Pool pool;
  for (const Member& member : members) {
    CalibratedOutput& raw = pool.outputs.emplace_back();
    raw.takes_log = member.output.takes_log;
    raw.factors = member.output.factors;
  }
  pool.defaults = default_weights(members);
  pool.pool.weights = pool.defaults;
  return pool;
}

Pool fit_pool(std::span<const Member> members, std::span<const FoldedSeed> seeds,
              std::optional<int> left_out) {
  Pool pool;
  for (const Member& member : members) {
    pool.outputs.push_back(left_out ? fit_output(member, seeds, left_out) : member.output);
  }
  pool.defaults = default_weights(members);
  pool.pool.weights = pool.defaults;
  const bool have_rows = std::all_of(members.begin(), members.end(), [&](const Member& member) {
    return member.held_out_scores.size() == seeds.size();
  });
  if (members.empty() || seeds.empty() || !have_rows) {
    return pool;
  }
  if (takes_all_classes(members.front().held_out_scores)) {
    fit_weights(members, seeds, left_out, pool);
    pool.fits_weights = std::any_of(seeds.begin(), seeds.end(), [&](const FoldedSeed& seed) {
      return is_held_out(seed, left_out);
    });
  }
  fit_temperature(members, seeds, left_out, pool);
  return pool;
}

PooledItem::PooledItem(const Pool& pool, int num_classes)
    : pool_{&pool},
      columns_{num_classes},
      said_(pool.outputs.size()),
      logs_(pool.outputs.size()),
      speaks_(pool.outputs.size(), 0) {
}

bool PooledItem::combine(std::span<const LabelRow<float>> rows) {
  columns_.gather(rows);
  bool is_reached = false;
  for (std::size_t m = 0; m < rows.size(); ++m) {
    said_[m].resize(columns_.width());
    speaks_[m] = pool_->outputs[m].probabilities(rows[m], columns_, said_[m]) ? 1 : 0;
    is_reached = is_reached || speaks(m);
    logs_[m].resize(columns_.width());
    std::transform(said_[m].begin(), said_[m].end(), logs_[m].begin(),
                   [](double p) { return std::log(std::max(p, kLeastProbability)); });
  }
  distribution_.assign(columns_.width(), 1.0 / columns_.num_classes());
  if (is_reached) {
    fill_silent();
    pool_logs(std::nullopt, distribution_);
    const double log_sum = normalize(distribution_);
    for (double& value : distribution_) {
      value = std::exp(value - log_sum);
    }
  }
  return is_reached;
}

void PooledItem::fill_silent() {
  if (std::find(speaks_.begin(), speaks_.end(), 0) == speaks_.end()) {
    return;
  }
  double weight = 0;
  for (std::size_t m = 0; m < logs_.size(); ++m) {
    weight += speaks(m) ? pool_->defaults[m] : 0.0;
  }
  const bool is_even = !(weight > 0);  // only members without a weight were reached
  Mean mean;
  mean.clear(columns_.width());
  for (std::size_t m = 0; m < logs_.size(); ++m) {
    if (speaks(m)) {
      mean.add(logs_[m], is_even ? 1.0 : pool_->defaults[m]);
    }
  }
  mean.finish();
  for (std::size_t m = 0; m < logs_.size(); ++m) {
    if (!speaks(m)) {
      logs_[m] = mean.values;
    }
  }
}

void PooledItem::pool_logs(std::optional<std::size_t> without, std::span<double> out) const {
  const std::vector<double>& weights = pool_->pool.weights;
  const double all = std::accumulate(weights.begin(), weights.end(), 0.0);
  const double left = without ? all - weights[*without] : all;
  const double factor = left > 0 ? all / left : 1.0;
  std::fill(out.begin(), out.end(), 0.0);
  for (std::size_t m = 0; m < logs_.size(); ++m) {
    const double weight = m == without ? 0.0 : weights[m] * factor;
    for (std::size_t column = 0; column < out.size() && weight > 0; ++column) {
      out[column] += weight * logs_[m][column];
    }
  }
  for (std::size_t column = 0; column < out.size(); ++column) {
    const double shift = pool_->pool.shifts.empty() ? 0.0 : pool_->pool.shifts[column];
    out[column] = (out[column] + shift) / pool_->temperature;
  }
}

double PooledItem::normalize(std::span<double> logs) const {
  const double largest = *std::max_element(logs.begin(), logs.end());
  double sum = 0;
  for (std::size_t column = 0; column < logs.size(); ++column) {
    logs[column] -= largest;
    sum += columns_.times(column) * std::exp(logs[column]);
  }
  return std::log(sum);
}

double PooledItem::sureness() const {
  double sum = 0;
  double weight = 0;
  for (std::size_t m = 0; m < said_.size(); ++m) {
    if (speaks(m)) {
      sum += pool_->defaults[m] * *std::max_element(said_[m].begin(), said_[m].end());
      weight += pool_->defaults[m];
    }
  }
  return weight > 0 ? sum / weight : 0.0;
}

double PooledItem::log_without(std::size_t member, Label label) {
  scratch_.resize(columns_.width());
  pool_logs(member, scratch_);
  const double log_sum = normalize(scratch_);
  for (std::size_t column = 0; column < columns_.num_named(); ++column) {
    if (columns_.label(column) == label) {
      return scratch_[column] - log_sum;
    }
  }
  return scratch_.back() - log_sum;
}

}  // namespace kith::ensemble
