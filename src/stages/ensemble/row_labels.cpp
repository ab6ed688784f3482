#include "stages/ensemble/row_labels.hpp"

#include <algorithm>
#include <map>
#include <span>

#include "kith/layout/node_maps.hpp"

#include "stages/cells/cells_output.hpp"
#include "stages/ensemble/ensemble_output.hpp"

namespace kith::stages {
namespace {

/// The seeds of one node.
struct SeededNode {
  std::map<Label, float> weights;
  float total = 0;
  GlobalId speaker;

  /// The heaviest label, ties to the smaller: what the node states.
  [[nodiscard]] Label label() const {
    return std::max_element(weights.begin(), weights.end(),
                            [](const auto& a, const auto& b) { return a.second < b.second; })
        ->first;
  }
};

/// The label that a row was given, the heaviest of a soft seed, and its node.
struct GivenRow {
  Label label;
  Position node;
};

/// All seeds, by node and by row; the same on every rank.
struct SeedMap {
  std::map<Position, SeededNode> nodes;
  std::map<GlobalId, GivenRow> rows;
};

/// Collective.
SeedMap map_seeds(const run::Workspace& workspace) {
  const auto placed = layout::seeds_on_nodes(workspace.outputs.get<cells::Shard>(),
                                             workspace.outputs.get<Items>(), workspace.seeds);
  SeedMap map;
  for (std::size_t i = 0; i < placed.size(); ++i) {
    SeededNode& node = map.nodes[placed[i].node];
    node.weights[placed[i].label] += placed[i].weight;
    node.total += placed[i].weight;
    map.rows.try_emplace(workspace.seeds[i].row, GivenRow{placed[i].label, placed[i].node});
  }
  for (const auto& [row, given] : map.rows) {  // ascending
    SeededNode& node = map.nodes[given.node];
    const bool has_its_label = given.label == node.label();
    if (node.speaker.is_none() || (has_its_label && map.rows[node.speaker].label != given.label)) {
      node.speaker = row;
    }
  }
  return map;
}

/// The row that speaks for each owned node.
std::vector<Count> speakers(const run::Workspace& workspace, const SeedMap& seeds) {
  std::vector<Count> rows;
  Position position =
      workspace.outputs.get<cells::Shard>().layout.nodes_of(workspace.comm.rank()).begin;
  for (const GlobalId row : workspace.outputs.get<cells::Shard>().rows) {
    const auto seeded = seeds.nodes.find(position);
    rows.push_back((seeded == seeds.nodes.end() ? row : seeded->second.speaker).value());
    ++position;
  }
  return rows;
}

std::vector<std::uint8_t> status_numbers(std::span<const ensemble::Status> statuses) {
  std::vector<std::uint8_t> numbers;
  for (const ensemble::Status status : statuses) {
    numbers.push_back(static_cast<std::uint8_t>(status));
  }
  return numbers;
}

}  // namespace

RowLabels label_rows(const run::Workspace& workspace, const layout::RowExchange& exchange) {
  const ensemble::Consensus& consensus = workspace.outputs.get<ensemble::Consensus>();
  const SeedMap seeds = map_seeds(workspace);
  RowLabels rows;
  rows.label = exchange.to_rows<std::int32_t>(label_numbers(consensus.labels));
  rows.best = exchange.to_rows<std::int32_t>(label_numbers(consensus.best));
  rows.probability = exchange.to_rows<float>(consensus.probabilities);
  rows.status = exchange.to_rows<std::uint8_t>(status_numbers(consensus.statuses));
  rows.duplicate_of = exchange.to_rows<Count>(speakers(workspace, seeds));
  const Count first = exchange.block().begin.value();
  for (std::size_t i = 0; i < rows.status.size(); ++i) {
    const GlobalId row{first + static_cast<Count>(i)};
    if (rows.duplicate_of[i] == row.value()) {
      rows.duplicate_of[i] = -1;
    } else {
      rows.status[i] = static_cast<std::uint8_t>(ensemble::Status::duplicate);
    }
    if (const auto given = seeds.rows.find(row); given != seeds.rows.end()) {
      const SeededNode& node = seeds.nodes.at(given->second.node);
      rows.label[i] = rows.best[i] = given->second.label.value();
      rows.probability[i] = node.weights.at(given->second.label) / node.total;
      rows.status[i] = static_cast<std::uint8_t>(ensemble::Status::seed);
    }
  }
  return rows;
}

}  // namespace kith::stages
