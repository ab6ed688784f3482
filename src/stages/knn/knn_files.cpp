// Lists in graph order, in files of a fixed number of cells each, so that neither files nor bytes
// depend on ranks.
#include "stages/knn/knn_files.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>

#include "kith/comm/agree.hpp"
#include "kith/io/input_file.hpp"
#include "kith/io/output_file.hpp"

#include "stages/cells/cells_output.hpp"
#include "stages/stored_rows.hpp"

namespace kith::stages {
namespace {

constexpr std::int32_t kCellsPerFile = 4096;

const cells::CellLayout& layout_of(const run::Workspace& workspace) {
  return workspace.outputs.get<cells::Shard>().layout;
}

/// One file of the graph: its name and the nodes in it.
struct Piece {
  std::string name;
  IdRange<Position> nodes;
};

std::string piece_name(std::size_t number) {
  return fmt::format("graph/knn-{:05}.h5", number);
}

std::vector<Piece> pieces(const cells::CellLayout& layout) {
  std::vector<Piece> all;
  const auto num_cells = static_cast<std::int32_t>(layout.num_cells());
  for (std::int32_t first = 0; first < num_cells; first += kCellsPerFile) {
    const std::int32_t last = std::min(first + kCellsPerFile, num_cells);
    all.push_back({piece_name(all.size()),
                   {layout.nodes_of(CellId{first}).begin, layout.nodes_of(CellId{last - 1}).end}});
  }
  return all;
}

/// The part of a piece that this rank owns.
IdRange<Position> owned_part(const Piece& piece, IdRange<Position> owned) {
  const Position begin = std::clamp(owned.begin, piece.nodes.begin, piece.nodes.end);
  return {begin, std::clamp(owned.end, begin, std::max(begin, piece.nodes.end))};
}

/// Positions as the smallest unsigned type that holds every one of the corpus.
template <class Stored>
void write_neighbors(io::OutputFile& file, std::span<const Position> neighbors, Count first_row,
                     const std::vector<Count>& shape) {
  std::vector<Stored> stored;
  stored.reserve(neighbors.size());
  for (const Position neighbor : neighbors) {
    stored.push_back(static_cast<Stored>(neighbor.value()));
  }
  file.write_rows<Stored>("/neighbors", stored, first_row, shape);
}

void write_piece(const run::Workspace& workspace, const Piece& piece) {
  const NeighborLists& lists = workspace.outputs.get<NeighborLists>();
  const IdRange<Position> owned = layout_of(workspace).nodes_of(workspace.comm.rank());
  const IdRange<Position> part = owned_part(piece, owned);
  const auto first = to_size((part.begin.value() - owned.begin.value()) * lists.k);
  const auto count = to_size(part.size() * lists.k);
  const Count first_row = part.begin.value() - piece.nodes.begin.value();
  const std::vector<Count> shape{piece.nodes.size(), lists.k};
  auto file = io::OutputFile::create(workspace.comm, workspace.path(piece.name));
  const auto neighbors = std::span{lists.neighbors}.subspan(first, count);
  if (layout_of(workspace).num_nodes() <= std::numeric_limits<std::uint32_t>::max()) {
    write_neighbors<std::uint32_t>(file, neighbors, first_row, shape);
  } else {
    write_neighbors<std::uint64_t>(file, neighbors, first_row, shape);
  }
  file.write_rows<float>("/distances", std::span{lists.distances}.subspan(first, count), first_row,
                         shape);
  file.set_attribute("/", "first_position", piece.nodes.begin.value());
  file.commit();
}

void read_piece(const run::Workspace& workspace, const Piece& piece, NeighborLists& lists) {
  const IdRange<Position> part =
      owned_part(piece, layout_of(workspace).nodes_of(workspace.comm.rank()));
  if (part.size() == 0) {
    return;
  }
  const io::InputFile file{workspace.path(piece.name)};
  for (const char* dataset : {"/neighbors", "/distances"}) {
    require_shape(file, dataset, {piece.nodes.size(), lists.k});
  }
  const Count num_nodes = layout_of(workspace).num_nodes();
  const Count first_row = part.begin.value() - piece.nodes.begin.value();
  std::vector<Count> neighbors(to_size(part.size() * lists.k));
  file.read_rows<Count>("/neighbors", first_row, neighbors);
  require_values<Count>(file, "/neighbors", neighbors, first_row, lists.k, "a node of the graph",
                        [&](Count neighbor) { return neighbor >= 0 && neighbor < num_nodes; });
  for (const Count neighbor : neighbors) {
    lists.neighbors.emplace_back(neighbor);
  }
  const std::size_t before = lists.distances.size();
  lists.distances.resize(before + neighbors.size());
  const auto distances = std::span{lists.distances}.subspan(before);
  file.read_rows<float>("/distances", first_row, distances);
  require_values<float>(file, "/distances", distances, first_row, lists.k, "a distance",
                        [](float distance) { return distance >= 0 && std::isfinite(distance); });
}

/// Collective. An earlier run with more cells may have left more pieces.
void remove_further_pieces(const run::Workspace& workspace) {
  comm::on_root(workspace.comm, [&] {
    const std::size_t written = pieces(layout_of(workspace)).size();
    for (std::size_t piece = written; std::filesystem::remove(workspace.path(piece_name(piece)));) {
      ++piece;
    }
  });
}

}  // namespace

void write_lists(const run::Workspace& workspace) {
  for (const Piece& piece : pieces(layout_of(workspace))) {
    write_piece(workspace, piece);
  }
  remove_further_pieces(workspace);
}

void need_lists(run::Workspace& workspace) {
  if (workspace.outputs.has<NeighborLists>()) {
    return;
  }
  need_shard(workspace);
  workspace.outputs.put<NeighborLists>(comm::locally(workspace.comm, [&] {
    NeighborLists lists;
    lists.k = workspace.config.knn.k;
    for (const Piece& piece : pieces(layout_of(workspace))) {
      read_piece(workspace, piece, lists);
    }
    return lists;
  }));
}

}  // namespace kith::stages
