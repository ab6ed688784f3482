// cells: items move once to the rank of their home cell. cells/cells.h5 holds who went where.
#include <algorithm>
#include <limits>
#include <numeric>

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/core/error.hpp"
#include "kith/core/log.hpp"
#include "kith/io/input_file.hpp"
#include "kith/io/output_file.hpp"
#include "kith/layout/node_maps.hpp"
#include "kith/run/stage.hpp"
#include "kith/run/workspace.hpp"

#include "stages/cells/cells_output.hpp"
#include "stages/check/check_output.hpp"
#include "stages/list.hpp"
#include "stages/plan_sizes.hpp"
#include "stages/stored_rows.hpp"

namespace kith::stages {
namespace {

constexpr const char* kCellsFile = "cells/cells.h5";
constexpr const char* kCentroidsFile = "cells/quantizer.faiss";

/// Collective. Items that are not their node's representative: rows and nodes, in row order.
void write_items(const run::Workspace& workspace, io::OutputFile& file) {
  const cells::Shard& shard = workspace.outputs.get<cells::Shard>();
  const Count first = shard.layout.nodes_of(workspace.comm.rank()).begin.value();
  struct RowNode {
    Count row;
    Count node;
  };
  std::vector<RowNode> mine;
  for (const layout::ItemOfNode& item : workspace.outputs.get<Items>()) {
    if (shard.rows[to_size(item.node)] != item.row) {
      mine.push_back({item.row.value(), first + item.node.value()});
    }
  }
  std::vector<Rank> owners;
  for (const RowNode& entry : mine) {
    owners.push_back(
        corpus::owner_of(GlobalId{entry.row}, workspace.corpus.num_items, workspace.comm.size()));
  }
  auto sorted = comm::exchange_to<RowNode>(workspace.comm, mine, owners).items;
  std::sort(sorted.begin(), sorted.end(),
            [](const RowNode& a, const RowNode& b) { return a.row < b.row; });
  std::vector<Count> flat;
  for (const RowNode& entry : sorted) {
    flat.insert(flat.end(), {entry.row, entry.node});
  }
  file.write_rows<Count>("/duplicates", flat,
                         comm::sum_over_lower_ranks(workspace.comm, count_of(sorted)),
                         {comm::sum_over_ranks(workspace.comm, count_of(sorted)), 2});
}

void write_cells(const run::Workspace& workspace, std::span<const Count> cell_work) {
  const cells::Shard& shard = workspace.outputs.get<cells::Shard>();
  const Count num_nodes = shard.layout.num_nodes();
  const Count first = shard.layout.nodes_of(workspace.comm.rank()).begin.value();
  std::vector<Count> sizes;
  for (CellId cell{0}; cell.value() < shard.layout.num_cells(); ++cell) {
    sizes.push_back(shard.layout.nodes_of(cell).size());
  }
  auto file = io::OutputFile::create(workspace.comm, workspace.path(kCellsFile));
  file.write_whole<Count>("/cell_sizes", sizes, {count_of(sizes)});
  file.write_whole<Count>("/cell_work", cell_work, {count_of(cell_work)});
  std::vector<Count> rows;
  for (const GlobalId row : shard.rows) {
    rows.push_back(row.value());
  }
  file.write_rows<Count>("/rows", rows, first, {num_nodes});
  write_items(workspace, file);
  file.commit();
}

/// Local. Sizes and work of the cells, which together hold as many nodes as there are rows.
cells::LayoutPlan read_plan(const io::InputFile& file, Count num_items) {
  constexpr Count kMostCells = std::numeric_limits<std::int32_t>::max();
  const std::vector<Count> shape = file.describe("/cell_sizes").shape;
  const Count num_cells = shape.empty() ? 0 : shape[0];
  if (num_cells < 1 || num_cells > std::min(num_items, kMostCells)) {
    fail("{}: /cell_sizes: has {} cells for {} items", file.path(), num_cells, num_items);
  }
  require_shape(file, "/cell_sizes", {num_cells});
  require_shape(file, "/cell_work", {num_cells});
  cells::LayoutPlan plan{file.read_all<Count>("/cell_sizes"), file.read_all<Count>("/cell_work")};
  require_values<Count>(file, "/cell_sizes", plan.cell_sizes, 0, 1, "the nodes of a cell",
                        [&](Count size) { return size >= 0 && size <= num_items; });
  const Count most_work = std::numeric_limits<Count>::max() / num_cells;
  require_values<Count>(file, "/cell_work", plan.cell_work, 0, 1, "the work of a cell",
                        [&](Count work) { return work >= 0 && work <= most_work; });
  require_shape(file, "/rows",
                {std::accumulate(plan.cell_sizes.begin(), plan.cell_sizes.end(), Count{0})});
  return plan;
}

/// Local. The layout for this number of ranks, and this rank's rows.
void read_cells(const run::Workspace& workspace, cells::Shard& shard) {
  const io::InputFile file{workspace.path(kCellsFile)};
  const Count num_items = workspace.corpus.num_items;
  shard.layout = cells::make_layout(read_plan(file, num_items), workspace.comm.size());
  const IdRange<Position> owned = shard.layout.nodes_of(workspace.comm.rank());
  std::vector<Count> rows(to_size(owned.size()));
  file.read_rows<Count>("/rows", owned.begin.value(), rows);
  require_values<Count>(file, "/rows", rows, owned.begin.value(), 1, "a row of the corpus",
                        [&](Count row) { return row >= 0 && row < num_items; });
  for (const Count row : rows) {
    shard.rows.emplace_back(row);
  }
}

/// Local. Every item whose node this rank owns.
std::vector<layout::ItemOfNode> read_items(const run::Workspace& workspace) {
  const cells::Shard& shard = workspace.outputs.get<cells::Shard>();
  const IdRange<Position> owned = shard.layout.nodes_of(workspace.comm.rank());
  std::vector<layout::ItemOfNode> items;
  for (std::size_t i = 0; i < shard.rows.size(); ++i) {
    items.push_back({shard.rows[i], LocalId{static_cast<std::int32_t>(i)}});
  }
  const io::InputFile file{workspace.path(kCellsFile)};
  const Count num_items = workspace.corpus.num_items;
  const Count num_nodes = shard.layout.num_nodes();
  require_shape(file, "/duplicates", {num_items - num_nodes, 2});
  const auto duplicates = file.read_all<Count>("/duplicates");
  require_values<Count>(file, "/duplicates", duplicates, 0, 2, "a row and a node",
                        [&](Count number) { return number >= 0 && number < num_items; });
  for (std::size_t i = 0; i < duplicates.size(); i += 2) {
    if (owned.contains(Position{duplicates[i + 1]})) {
      const Count local = duplicates[i + 1] - owned.begin.value();
      items.push_back({GlobalId{duplicates[i]}, LocalId{static_cast<std::int32_t>(local)}});
    }
  }
  return items;
}

/// Ranks without cells do no harm, but no work either.
void warn_of_idle_ranks(const cells::CellLayout& layout) {
  int idle = 0;
  for (Rank rank{0}; rank.value() < layout.num_ranks(); ++rank) {
    idle += layout.cells_of(rank).size() == 0 ? 1 : 0;
  }
  if (idle > 0) {
    log::info(
        "stage=cells warning: {} of {} ranks own none of the {} cells and idle: fewer ranks do, or "
        "more cells (cells.num_cells)",
        idle, layout.num_ranks(), layout.num_cells());
  }
}

/// Collective. Throws CollectiveError unless every row of the corpus has one node.
void require_each_row_once(const run::Workspace& workspace) {
  const layout::RowExchange exchange{workspace.comm, workspace.outputs.get<Items>(),
                                     workspace.corpus.num_items};
  comm::locally(workspace.comm, [&] {
    if (!exchange.has_every_row()) {
      fail(
          "{}: not every row of the corpus stands there once; without this file its stage is done "
          "again",
          workspace.path(kCellsFile));
    }
  });
}

}  // namespace

void need_shard(run::Workspace& workspace) {
  if (workspace.outputs.has<cells::Shard>()) {
    return;
  }
  const comm::Communicator& comm = workspace.comm;
  cells::Shard shard;
  shard.comm = &comm;
  shard.dim = workspace.corpus.dim;
  shard.metric = workspace.corpus.metric;
  comm::locally(comm, [&] { read_cells(workspace, shard); });
  warn_of_idle_ranks(shard.layout);
  workspace.outputs.put(std::move(shard));
  workspace.outputs.put<Items>(comm::locally(comm, [&] { return read_items(workspace); }));
  require_each_row_once(workspace);
}

void need_vectors(run::Workspace& workspace) {
  need_shard(workspace);
  cells::Shard& shard = workspace.outputs.get<cells::Shard>();
  const bool is_missing = shard.vectors.size() < count_of(shard.rows);
  if (comm::any_rank(workspace.comm, is_missing)) {
    cells::fetch_vectors(workspace.corpus, *workspace.reader, shard);
    workspace.reader->drop_kept_rows();
  }
  if (shard.centroids.empty()) {
    cells::load_centroids(shard, workspace.path(kCentroidsFile));
  }
}

namespace {

/// Collective.
void do_cells(run::Workspace& workspace) {
  const comm::Communicator& comm = workspace.comm;
  need_census(workspace);
  comm::on_root(comm, [&] { std::filesystem::create_directories(workspace.path("cells")); });
  io::Snapshots snapshots = open_snapshots(workspace, "cells");
  cells::CellConfig config = workspace.config.cells;
  config.checkpoint = &snapshots;
  cells::BuiltShard built = cells::build_shard(comm, workspace.corpus, *workspace.reader,
                                               workspace.outputs.get<Duplicates>(), config);
  workspace.outputs.put(std::move(built.shard));
  workspace.reader->drop_kept_rows();  // every vector is at its place
  const cells::CellLayout& layout = workspace.outputs.get<cells::Shard>().layout;
  warn_of_idle_ranks(layout);
  workspace.outputs.put<Items>(layout::items_of_nodes(workspace.outputs.get<cells::Shard>(),
                                                      workspace.outputs.get<Duplicates>(),
                                                      workspace.corpus.num_items));
  write_cells(workspace, built.cell_work);
  cells::save_centroids(workspace.outputs.get<cells::Shard>(), workspace.path(kCentroidsFile));
  const cells::CellStats& stats = built.stats;
  log::info(
      "stage=cells cells={} smallest={} largest={} train_s={:.2f} assign_s={:.2f} "
      "move_s={:.2f} imbalance={:.3f}",
      layout.num_cells(), stats.smallest_cell, stats.largest_cell, stats.train_s, stats.assign_s,
      stats.move_s, stats.imbalance);
  write_facts(workspace, "cells",
              {{"cells", layout.num_cells()},
               {"groups", stats.num_groups},
               {"sample_items", stats.sample_items},
               {"smallest_cell", stats.smallest_cell},
               {"largest_cell", stats.largest_cell}});
  snapshots.clear();
}

using namespace plan_constants;  // NOLINT(google-build-using-namespace)

run::StagePlan plan_cells(const run::PlanInput& in, const run::Rates& rates) {
  const Sizes of{in};
  const double assignment = 2 * kRowNumber;  // row and home cell, padded
  const double sample =
      std::min(of.items, of.cells * static_cast<double>(in.sample_per_cell)) * of.dim * kFloat;
  const double centroids = of.cells * of.dim * kFloat;
  const double train = kSampleCopies * sample / of.ranks + centroids;
  const double homes = of.nodes * kCellNumber;
  const double assign = homes + 2 * centroids + kReadBlock;
  const double move = homes + kMovedCopies * of.nodes * assignment;
  const double fetch =
      homes + of.nodes * (of.row + assignment + kRequest) + kFetchBlocks * kFetchBlock + centroids;
  run::StagePlan plan{
      "cells", static_cast<Count>(cache_bytes(in, of) + std::max({train, assign, move, fetch})), 0,
      0, 0};
  const double groups = std::sqrt(of.cells);
  const double train_flops = 4 * sample / kFloat * groups * kTrainingRounds;
  const double assign_flops = 2 * of.items * of.dim * groups * (1 + kGroupsSearched);
  plan.disk_bytes = static_cast<Count>(of.items * kRowNumber + centroids);
  plan.wire_bytes = static_cast<Count>(exchanged(of.items * (of.row + assignment), of));
  plan.seconds = (assign_flops + train_flops) / (rates.scan_flops * kAssignShare * of.ranks) +
                 of.nodes * kMoveItem_s + of.nodes * of.stored_row / rates.read_bytes +
                 wire_seconds(plan, of, rates);
  return with_common(plan, of, rates);
}

class CellsStage : public run::Stage {
 public:
  [[nodiscard]] const run::StageDescription& description() const override {
    static const run::StageDescription kDescription{
        .name = "cells",
        .stages = {},
        .inputs = {"embeddings"},
        .files = {kCellsFile, "cells/cells.json", kCentroidsFile},
        .facts = "cells/cells.json"};
    return kDescription;
  }
  void run(run::Workspace& workspace) const override { do_cells(workspace); }
  [[nodiscard]] run::StagePlan plan(const run::PlanInput& input,
                                    const run::Rates& rates) const override {
    return plan_cells(input, rates);
  }
};

}  // namespace

const run::Stage& cells_stage() {
  static const CellsStage kStage;
  return kStage;
}

}  // namespace kith::stages
