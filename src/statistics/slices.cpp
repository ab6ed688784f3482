#include "statistics/slices.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>

#include "kith/comm/collectives.hpp"
#include "kith/core/exact_sum.hpp"

#include "statistics/json_forms.hpp"
#include "statistics/known_labels.hpp"
#include "statistics/voter_agreement.hpp"

namespace kith::statistics {
namespace {

constexpr std::size_t kListedCells = 100;
constexpr const char* kCells = "cells";
constexpr const char* kClasses = "classes";

/// Collective. Home cell of each row: regions of near vectors.
Grouping cell_grouping(const RunResults& run) {
  const IdRange<Position> owned = run.cells.nodes_of(run.comm.rank());
  std::vector<std::int32_t> of_node;
  for (Position::rep node = owned.begin.value(); node < owned.end.value(); ++node) {
    of_node.push_back(run.cells.cell_at(Position{node}).value());
  }
  Grouping grouping{kCells, {}, {}, run.exchange.to_rows<std::int32_t>(of_node)};
  for (Count cell = 0; cell < run.cells.num_cells(); ++cell) {
    grouping.numbers.push_back(cell);
    grouping.names.push_back(std::to_string(cell));
  }
  return grouping;
}

Grouping class_grouping(const RunResults& run) {
  Grouping grouping{kClasses, {}, run.corpus.class_names, run.items.best};
  grouping.numbers.resize(grouping.names.size());
  std::iota(grouping.numbers.begin(), grouping.numbers.end(), 0);
  return grouping;
}

/// The group that a known row counts in; -1 = none. A held-out seed belongs to the class that
/// the members state, not to its own.
std::int32_t group_of(const Grouping& grouping, const KnownRow& row) {
  return grouping.name == kClasses ? row.stated.value() : grouping.of_row[row.at];
}

/// Collective. Hajek's estimate of each group's error from the audited items in it.
std::vector<std::optional<qa::AuditEstimate>> weigh(const RunResults& run, const Grouping& grouping,
                                                    const KnownRows& known) {
  struct Audited {
    std::int32_t group;
    qa::AuditedItem item;
  };
  std::vector<Audited> mine;
  for (const KnownRow& row : known.rows) {
    if (const std::int32_t group = group_of(grouping, row); group >= 0) {
      mine.push_back({group, {row.stated, row.truth, row.inclusion, 1, 0}});
    }
  }
  std::vector<std::vector<qa::AuditedItem>> of_group(grouping.names.size());
  for (const Audited& audited : comm::gather_to_all<Audited>(run.comm, mine).items) {
    of_group[to_size(audited.group)].push_back(audited.item);
  }
  std::vector<std::optional<qa::AuditEstimate>> estimates;
  for (const auto& items : of_group) {
    estimates.push_back(items.empty() ? std::nullopt : std::optional{qa::hajek_error(items)});
  }
  return estimates;
}

/// Votes with one more column before them, for patterns that tell its values apart.
std::vector<std::int32_t> with_first_column(std::span<const std::int32_t> column,
                                            std::span<const std::int32_t> votes) {
  const std::size_t width = column.empty() ? 0 : votes.size() / column.size();
  std::vector<std::int32_t> joined;
  joined.reserve(votes.size() + column.size());
  for (std::size_t i = 0; i < column.size(); ++i) {
    const auto row = votes.subspan(i * width, width);
    joined.push_back(column[i]);
    joined.insert(joined.end(), row.begin(), row.end());
  }
  return joined;
}

/// Collective. Agreement of the voters in each group; nothing where the patterns are too many.
std::vector<qa::Agreement> agree(const RunResults& run, const Grouping& grouping) {
  const auto num_voters = static_cast<int>(run.members.size());
  const auto num_groups = static_cast<int>(grouping.names.size());
  const auto all = label_model::try_count_patterns(
      run.comm, with_first_column(grouping.of_row, run.items.votes), num_voters + 1,
      std::max(num_groups, run.num_classes()), run.config.max_patterns);
  if (!all) {
    return {};
  }
  std::vector<label_model::PatternCounts> of_group(
      grouping.names.size(), label_model::PatternCounts{num_voters, run.num_classes(), {}, {}});
  for (std::size_t u = 0; u < all->size(); ++u) {
    const auto row = all->pattern(u);
    if (row[0] >= 0) {
      label_model::PatternCounts& patterns = of_group[to_size(row[0])];
      patterns.votes.insert(patterns.votes.end(), row.begin() + 1, row.end());
      patterns.counts.push_back(all->counts[u]);
    }
  }
  std::vector<qa::Agreement> agreement;
  for (const label_model::PatternCounts& patterns : of_group) {
    agreement.push_back(qa::measure_agreement(patterns, 0, run.seed));
  }
  return agreement;
}

/// Collective.
SliceTable measure(const RunResults& run, const KnownRows& known, const Grouping& grouping) {
  const ItemColumns& items = run.items;
  const std::size_t num_groups = grouping.names.size();
  constexpr std::size_t kCounts = 4;  // items, known, wrong, automatic
  std::vector<Count> counts(kCounts * num_groups, 0);
  std::vector<ExactSum> entropies(num_groups);
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (grouping.of_row[i] >= 0) {
      const std::size_t group = to_size(grouping.of_row[i]);
      ++counts[kCounts * group];
      counts[kCounts * group + 3] += items.is(i, ensemble::Status::automatic) ? 1 : 0;
      entropies[group].add(double{items.vote_entropy[i]});
    }
  }
  for (const KnownRow& row : known.rows) {
    if (const std::int32_t group = group_of(grouping, row); group >= 0) {
      ++counts[kCounts * to_size(group) + 1];
      counts[kCounts * to_size(group) + 2] += row.truth == row.stated ? 0 : 1;
    }
  }
  comm::sum_over_ranks(run.comm, counts);
  comm::sum_over_ranks(run.comm, entropies);
  SliceTable table{grouping.name, grouping.numbers, grouping.names, {}, {}, {}, {}, {}};
  std::vector<qa::SliceAudit> audits;
  for (std::size_t group = 0; group < num_groups; ++group) {
    const Count* of_group = counts.data() + kCounts * group;
    audits.push_back({of_group[0], of_group[1], of_group[2]});
    table.automatic.push_back(of_group[3]);
    table.mean_vote_entropy.push_back(
        of_group[0] > 0 ? entropies[group].value() / static_cast<double>(of_group[0]) : 0.0);
  }
  table.findings = qa::compare_slices(audits, run.config.false_discovery_rate);
  if (known.is_weighted) {
    table.weighted = weigh(run, grouping, known);
  }
  return table;
}

io::Json slice_json(const SliceTable& table, std::size_t group) {
  const qa::SliceFinding& finding = table.findings[group];
  io::Json json;
  json["slice"] = table.names[group];
  json["number"] = table.numbers[group];
  json["items"] = finding.items;
  json["auto"] = table.automatic[group];
  json["mean_vote_entropy"] = table.mean_vote_entropy[group];
  json["error"] = to_json(finding.error);
  if (!table.weighted.empty()) {
    json["weighted_error"] =
        table.weighted[group] ? to_json(*table.weighted[group]) : io::Json{{"value", nullptr}};
  }
  json["shrunken_error"] = number(finding.shrunken);
  json["lift"] = number(finding.lift);
  json["p_value"] = number(finding.p_value);
  json["q_value"] = number(finding.q_value);
  json["is_worse"] = finding.is_worse;
  if (!table.agreement.empty()) {
    json["agreement"] = coefficients_json(table.agreement[group]);
  }
  return json;
}

/// The groups to list: all, or the first `most` in order of suspicion.
std::vector<std::size_t> listed(const SliceTable& table, std::size_t most) {
  std::vector<std::size_t> order(table.findings.size());
  std::iota(order.begin(), order.end(), 0U);
  if (order.size() <= most) {
    return order;
  }
  const auto key = [&](std::size_t group) {
    const qa::SliceFinding& finding = table.findings[group];
    return std::tuple{finding.p_value.value_or(2), -finding.shrunken.value_or(0), group};
  };
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return key(a) < key(b); });
  order.resize(most);
  return order;
}

/// Where a table lies in qa.h5.
std::string folder_of(const std::string& name) {
  if (name == kCells || name == kClasses) {
    return "/slices/" + name;
  }
  return "/slices/corpus" + (name.starts_with('/') ? name : "/" + name);
}

}  // namespace

void Slices::compute(const RunResults& run, const Computed& earlier) {
  const KnownRows known = known_rows(run, earlier);
  basis_ = known.basis;
  for (const std::string& dataset : run.corpus_config.slices) {
    const Grouping grouping = read_grouping(run.comm, run.corpus, dataset, run.items.block);
    tables_.push_back(measure(run, known, grouping));
    tables_.back().agreement = agree(run, grouping);
  }
  tables_.push_back(measure(run, known, class_grouping(run)));
  tables_.push_back(measure(run, known, cell_grouping(run)));
}

io::Json Slices::json(const RunResults& run, const Computed& /*all*/) const {
  io::Json json;
  json["basis"] = basis_;
  json["false_discovery_rate"] = run.config.false_discovery_rate;
  json["groupings"] = io::Json::array();
  for (const SliceTable& table : tables_) {
    const bool are_cells = table.name == kCells;
    const auto groups = listed(table, are_cells ? kListedCells : table.findings.size());
    io::Json entry;
    entry["name"] = table.name;
    entry["groups"] = count_of(table.findings);
    entry["worse"] = std::count_if(table.findings.begin(), table.findings.end(),
                                   [](const auto& finding) { return finding.is_worse; });
    entry["left_out"] = count_of(table.findings) - count_of(groups);
    entry["slices"] = io::Json::array();
    for (const std::size_t group : groups) {
      entry["slices"].push_back(slice_json(table, group));
    }
    json["groupings"].push_back(entry);
  }
  return json;
}

void Slices::write_tables(const RunResults& /*run*/, io::OutputFile& file) const {
  for (const SliceTable& table : tables_) {
    const std::string folder = folder_of(table.name);
    std::vector<Count> items;
    std::vector<Count> known;
    std::vector<Count> wrong;
    std::vector<double> shrunken;
    std::vector<double> q_values;
    std::vector<std::uint8_t> is_worse;
    for (const qa::SliceFinding& finding : table.findings) {
      items.push_back(finding.items);
      known.push_back(finding.error.trials);
      wrong.push_back(finding.error.successes);
      shrunken.push_back(finding.shrunken.value_or(NAN));
      q_values.push_back(finding.q_value.value_or(NAN));
      is_worse.push_back(finding.is_worse ? 1 : 0);
    }
    const std::vector<Count> shape{count_of(table.findings)};
    file.write_whole<std::int64_t>(folder + "/number", table.numbers, shape);
    file.write_whole<Count>(folder + "/items", items, shape);
    file.write_whole<Count>(folder + "/known", known, shape);
    file.write_whole<Count>(folder + "/wrong", wrong, shape);
    file.write_whole<Count>(folder + "/auto", table.automatic, shape);
    file.write_whole<double>(folder + "/mean_vote_entropy", table.mean_vote_entropy, shape);
    file.write_whole<double>(folder + "/shrunken_error", shrunken, shape);
    file.write_whole<double>(folder + "/q_value", q_values, shape);
    file.write_whole<std::uint8_t>(folder + "/is_worse", is_worse, shape);
  }
}

}  // namespace kith::statistics
