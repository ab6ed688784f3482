#include "kith/qa/audit_design.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kith/comm/collectives.hpp"
#include "kith/comm/select.hpp"
#include "kith/core/exact_sum.hpp"
#include "kith/core/random.hpp"
#include "kith/qa/intervals.hpp"

namespace kith::qa {
namespace {

constexpr double kLeastErrorRate = 0.01;
constexpr Count kLeastPerStratum = 2;  // a variance needs two

std::size_t num_bands(const StrataConfig& config) {
  return config.band_edges.size() + 1;
}

std::size_t cell_of(const StrataConfig& config, Label predicted, double confidence, int slice) {
  const auto& edges = config.band_edges;
  const auto band = std::upper_bound(edges.begin(), edges.end(), confidence) - edges.begin();
  return (to_size(predicted) * to_size(config.num_slices) + to_size(slice)) * num_bands(config) +
         to_size(band);
}

/// Items and confidences of every (class, slice, band).
struct Cells {
  std::vector<Count> items;
  std::vector<ExactSum> confidence;
};

Cells count_cells(const comm::Communicator& comm, const PredictedLabels& items, std::size_t size,
                  const StrataConfig& config) {
  Cells cells{std::vector<Count>(size, 0), std::vector<ExactSum>(size)};
  for (std::size_t i = 0; i < items.predicted.size(); ++i) {
    if (!items.predicted[i].is_none()) {
      const int slice = items.slices.empty() ? 0 : items.slices[i];
      const double confidence{items.confidences[i]};
      const std::size_t cell = cell_of(config, items.predicted[i], confidence, slice);
      ++cells.items[cell];
      cells.confidence[cell].add(confidence);
    }
  }
  comm::sum_over_ranks(comm, cells.items);
  comm::sum_over_ranks(comm, cells.confidence);
  return cells;
}

/// Joins cells to strata, one class at a time.
class Joiner {
 public:
  Joiner(const Cells& cells, Stratification& result) : cells_{cells}, result_{result} {}

  void join_class(Label predicted) {
    std::vector<int> small;
    const int num_slices = result_.config.num_slices;
    for (int slice = 0; slice < num_slices; ++slice) {
      const Count items = items_of(predicted, slice);
      if (items >= result_.config.min_items || num_slices == 1) {
        join_bands(predicted, {slice}, slice);
      } else if (items > 0) {
        small.push_back(slice);
      }
    }
    if (!small.empty()) {
      join_bands(predicted, small, small.size() == 1 ? small.front() : -1);
    }
  }

 private:
  [[nodiscard]] std::size_t first_cell(Label predicted, int slice) const {
    return (to_size(predicted) * to_size(result_.config.num_slices) + to_size(slice)) *
           num_bands(result_.config);
  }
  [[nodiscard]] Count items_of(Label predicted, int slice) const {
    const auto first = cells_.items.begin() + static_cast<Count>(first_cell(predicted, slice));
    return std::accumulate(first, first + static_cast<Count>(num_bands(result_.config)), Count{0});
  }

  void join_bands(Label predicted, const std::vector<int>& slices, int name) {
    const auto bands = static_cast<int>(num_bands(result_.config));
    Count left = 0;
    for (const int slice : slices) {
      left += items_of(predicted, slice);
    }
    ExactSum confidence;
    Stratum open{predicted, 0, 0, name, 0, 0};
    for (int band = 0; band < bands; ++band) {
      open.last_band = band;
      for (const int slice : slices) {
        const std::size_t cell = first_cell(predicted, slice) + to_size(band);
        open.items += cells_.items[cell];
        left -= cells_.items[cell];
        confidence.add(cells_.confidence[cell]);
        result_.stratum_of_cell[cell] = static_cast<std::int32_t>(result_.strata.size());
      }
      const bool rest_stands = left >= result_.config.min_items || band + 1 == bands;
      if (open.items > 0 && rest_stands &&
          (open.items >= result_.config.min_items || band + 1 == bands)) {
        open.mean_confidence = confidence.value() / static_cast<double>(open.items);
        result_.strata.push_back(open);
        open = {predicted, band + 1, band + 1, name, 0, 0};
        confidence = {};
      }
    }
  }

  const Cells& cells_;
  Stratification& result_;
};

/// Whole numbers near the wanted ones that sum to the budget, within [low, high] each.
std::vector<Count> round_within(std::span<const double> wanted, std::span<const Count> low,
                                std::span<const Count> high, Count budget) {
  std::vector<Count> rounded(wanted.size());
  for (std::size_t h = 0; h < rounded.size(); ++h) {
    rounded[h] = std::clamp(static_cast<Count>(std::floor(wanted[h])), low[h], high[h]);
  }
  Count missing = budget - std::accumulate(rounded.begin(), rounded.end(), Count{0});
  std::vector<std::size_t> order(rounded.size());
  std::iota(order.begin(), order.end(), 0U);
  while (missing != 0) {
    const Count step = missing > 0 ? 1 : -1;
    const auto gap = [&](std::size_t h) {
      return (wanted[h] - static_cast<double>(rounded[h])) * static_cast<double>(step);
    };
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return gap(a) > gap(b); });
    const Count before = missing;
    for (const std::size_t h : order) {
      const Count moved = rounded[h] + step;
      if (missing != 0 && moved >= low[h] && moved <= high[h]) {
        rounded[h] = moved;
        missing -= step;
      }
    }
    if (missing == before) {
      break;  // every stratum is at its limit
    }
  }
  return rounded;
}

/// Neyman's numbers where no stratum can give more than it has: the full ones are taken out and the
/// others share the rest.
std::vector<double> allocate_within(std::span<const double> weights,
                                    std::span<const double> deviations, std::span<const Count> high,
                                    double budget) {
  std::vector<double> open(weights.begin(), weights.end());
  std::vector<double> wanted(weights.size(), 0.0);
  double left = budget;
  bool changed = true;
  while (changed) {
    changed = false;
    const std::vector<double> shares = neyman_allocation(open, deviations, left);
    for (std::size_t h = 0; h < open.size(); ++h) {
      if (open[h] > 0) {
        wanted[h] = shares[h];
      }
      if (open[h] > 0 && shares[h] > static_cast<double>(high[h])) {
        wanted[h] = static_cast<double>(high[h]);
        open[h] = 0;
        left -= wanted[h];
        changed = true;
      }
    }
  }
  return wanted;
}

/// The budget split evenly over predicted classes; what a class cannot use goes to the others.
std::vector<double> wanted_per_class(std::span<const Stratum> strata,
                                     std::span<const double> deviations, double budget) {
  std::vector<Count> items;
  for (const Stratum& stratum : strata) {
    items.resize(std::max(items.size(), to_size(stratum.predicted) + 1), 0);
    items[to_size(stratum.predicted)] += stratum.items;
  }
  std::vector<double> one(items.size(), 0.0);
  std::transform(items.begin(), items.end(), one.begin(),
                 [](Count n) { return n > 0 ? 1.0 : 0.0; });
  const std::vector<double> budgets = allocate_within(one, one, items, budget);
  std::vector<double> wanted(strata.size(), 0.0);
  for (std::size_t c = 0; c < items.size(); ++c) {
    std::vector<double> weights(strata.size(), 0.0);
    std::vector<Count> high(strata.size(), 0);
    for (std::size_t h = 0; h < strata.size(); ++h) {
      if (to_size(strata[h].predicted) == c) {
        weights[h] = static_cast<double>(strata[h].items);
        high[h] = strata[h].items;
      }
    }
    const std::vector<double> of_class = allocate_within(weights, deviations, high, budgets[c]);
    std::transform(wanted.begin(), wanted.end(), of_class.begin(), wanted.begin(), std::plus<>{});
  }
  return wanted;
}

}  // namespace

std::int32_t Stratification::stratum_of(Label predicted, double confidence, int slice) const {
  return predicted.is_none() ? -1 : stratum_of_cell[cell_of(config, predicted, confidence, slice)];
}

Stratification stratify(const comm::Communicator& comm, const PredictedLabels& items,
                        int num_classes, const StrataConfig& config) {
  Stratification result{config, {}, {}};
  const std::size_t size = to_size(num_classes) * to_size(config.num_slices) * num_bands(config);
  const Cells cells = count_cells(comm, items, size, config);
  result.stratum_of_cell.assign(size, -1);
  Joiner joiner{cells, result};
  for (std::int32_t k = 0; k < num_classes; ++k) {
    joiner.join_class(Label{k});
  }
  for (std::size_t cell = 0; cell < size; ++cell) {
    if (cells.items[cell] == 0) {
      result.stratum_of_cell[cell] = -1;
    }
  }
  return result;
}

std::vector<double> neyman_allocation(std::span<const double> weights,
                                      std::span<const double> deviations, double budget) {
  const double total = std::inner_product(weights.begin(), weights.end(), deviations.begin(), 0.0);
  std::vector<double> allocation(weights.size(), 0.0);
  for (std::size_t h = 0; h < weights.size() && total > 0; ++h) {
    allocation[h] = budget * weights[h] * deviations[h] / total;
  }
  return allocation;
}

double expected_deviation(const Stratum& stratum) {
  const double p = std::clamp(1 - stratum.mean_confidence, kLeastErrorRate, 1 - kLeastErrorRate);
  return std::sqrt(p * (1 - p));
}

std::vector<Count> allocate(std::span<const Stratum> strata, Count budget, Allocation allocation) {
  std::vector<double> weights;
  std::vector<double> deviations;
  std::vector<Count> high;
  for (const Stratum& stratum : strata) {
    weights.push_back(static_cast<double>(stratum.items));
    deviations.push_back(allocation == Allocation::proportional ? 1.0
                                                                : expected_deviation(stratum));
    high.push_back(stratum.items);
  }
  const Count total = std::accumulate(high.begin(), high.end(), Count{0});
  const Count wanted = std::min(budget, total);
  const bool all_get_some = wanted >= kLeastPerStratum * count_of(strata);
  std::vector<Count> low;
  for (const Count items : high) {
    low.push_back(all_get_some ? std::min(kLeastPerStratum, items) : 0);
  }
  const std::vector<double> shares =
      allocation == Allocation::per_class
          ? wanted_per_class(strata, deviations, static_cast<double>(wanted))
          : allocate_within(weights, deviations, high, static_cast<double>(wanted));
  return round_within(shares, low, high, wanted);
}

std::vector<std::uint8_t> draw_audit(const comm::Communicator& comm, std::span<const GlobalId> ids,
                                     std::span<const std::int32_t> strata,
                                     std::span<const Count> wanted, std::uint64_t seed) {
  std::vector<comm::Candidate> candidates;
  std::vector<std::size_t> items;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (strata[i] >= 0) {
      const double uniform = random_uniform(seed, Purpose::audit_sample, ids[i].value());
      candidates.push_back({static_cast<float>(uniform), strata[i], ids[i].value()});
      items.push_back(i);
    }
  }
  const std::vector<std::uint8_t> chosen = comm::choose_smallest(comm, candidates, wanted, seed);
  std::vector<std::uint8_t> flags(ids.size(), 0);
  for (std::size_t c = 0; c < items.size(); ++c) {
    flags[items[c]] = chosen[c];
  }
  return flags;
}

}  // namespace kith::qa
