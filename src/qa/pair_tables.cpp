#include "kith/qa/pair_tables.hpp"

#include <algorithm>
#include <cmath>

namespace kith::qa {
namespace {

/// Shares of the table's cells and margins, abstentions left out.
struct Shares {
  Count items = 0;
  std::vector<std::vector<double>> cells;
  std::vector<double> rows;
  std::vector<double> columns;
};

Shares shares_of(const PairTable& table, std::size_t num_classes) {
  Shares shares{0, {}, std::vector<double>(num_classes, 0), std::vector<double>(num_classes, 0)};
  for (std::size_t k = 0; k < num_classes; ++k) {
    for (std::size_t l = 0; l < num_classes; ++l) {
      shares.items += table.counts[k][l];
    }
  }
  for (std::size_t k = 0; k < num_classes && shares.items > 0; ++k) {
    std::vector<double>& row = shares.cells.emplace_back();
    for (std::size_t l = 0; l < num_classes; ++l) {
      row.push_back(static_cast<double>(table.counts[k][l]) / static_cast<double>(shares.items));
      shares.rows[k] += row[l];
      shares.columns[l] += row[l];
    }
  }
  return shares;
}

}  // namespace

PairTable pair_table(const PatternCounts& patterns, int first, int second) {
  const std::size_t size = to_size(patterns.num_classes) + 1;
  PairTable table{first, second, {size, std::vector<Count>(size, 0)}};
  const auto place = [&](std::int32_t vote) { return vote < 0 ? size - 1 : to_size(vote); };
  for (std::size_t u = 0; u < patterns.size(); ++u) {
    const auto votes = patterns.pattern(u);
    table.counts[place(votes[to_size(first)])][place(votes[to_size(second)])] += patterns.counts[u];
  }
  return table;
}

Estimate weighted_kappa(const PairTable& table, const std::vector<std::vector<double>>& costs) {
  const std::size_t num_classes = costs.size();
  const Shares shares = shares_of(table, num_classes);
  Estimate kappa;
  kappa.items = shares.items;
  if (shares.items == 0) {
    kappa.reason = "no item has votes of both";
    return kappa;
  }
  double observed = 0;
  double expected = 0;
  std::vector<double> row_cost(num_classes, 0);
  std::vector<double> column_cost(num_classes, 0);
  for (std::size_t k = 0; k < num_classes; ++k) {
    for (std::size_t l = 0; l < num_classes; ++l) {
      observed += costs[k][l] * shares.cells[k][l];
      expected += costs[k][l] * shares.rows[k] * shares.columns[l];
      row_cost[k] += costs[k][l] * shares.columns[l];
      column_cost[l] += costs[k][l] * shares.rows[k];
    }
  }
  if (expected <= 0) {
    kappa.reason = "all votes are for one class";
    return kappa;
  }
  const double ratio = observed / expected;
  double squares = 0;
  double mean = 0;
  for (std::size_t k = 0; k < num_classes; ++k) {
    for (std::size_t l = 0; l < num_classes; ++l) {
      const double influence = (costs[k][l] - ratio * (row_cost[k] + column_cost[l])) / expected;
      mean += shares.cells[k][l] * influence;
      squares += shares.cells[k][l] * influence * influence;
    }
  }
  const double variance = std::max(0.0, squares - mean * mean);
  const double half =
      normal_quantile(0.975) * std::sqrt(variance / static_cast<double>(shares.items));
  kappa.value = 1 - ratio;
  kappa.interval = Interval{std::max(-1.0, 1 - ratio - half), std::min(1.0, 1 - ratio + half)};
  return kappa;
}

}  // namespace kith::qa
