/// Cells: k-means regions of the corpus, and every item moved once to the rank of its home cell.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "kith/cells/layout.hpp"
#include "kith/cells/vectors.hpp"
#include "kith/comm/checkpoint.hpp"
#include "kith/comm/communicator.hpp"
#include "kith/corpus/census.hpp"
#include "kith/corpus/corpus.hpp"
#include "kith/corpus/row_reader.hpp"

namespace kith::cells {

struct CellConfig {
  Count num_cells = 0;         // 0 = one for about every 600 items
  Count sample_per_cell = 64;  // training items
  std::uint64_t seed = 1;
  Count block_bytes = Count{8} << 20;      // of vectors that are read between two offers
  comm::Checkpoint* checkpoint = nullptr;  // offered to after blocks of rows, gone on from
};

/// What one rank owns after the items have moved. Nodes are in position order: cell by cell, inside
/// a cell by row. Move-only; the communicator must outlive it, and destroying it is collective.
struct Shard {
  const comm::Communicator* comm = nullptr;
  CellLayout layout;
  Count dim = 0;
  corpus::Metric metric = corpus::Metric::l2;
  Vectors vectors;               // of owned nodes
  std::vector<GlobalId> rows;    // of each owned node: the smallest row with this vector
  std::vector<float> centroids;  // of all cells, cells x dim: what find_probes() needs
  int num_probes = 0;
  std::vector<CellId> probes;  // owned nodes x num_probes, the home cell first: see find_probes()
};

struct CellStats {
  Count sample_items = 0;
  Count num_groups = 0;  // of cells: the first level
  double train_s = 0;    // largest over ranks
  double assign_s = 0;
  double move_s = 0;
  Count split_cells = 0;  // how many cells splitting has added
  Count smallest_cell = 0;
  Count largest_cell = 0;
  double imbalance = 1;  // predicted scan work of the busiest rank over the mean
};

struct BuiltShard {
  Shard shard;
  std::vector<Count> cell_work;  // predicted comparisons of each cell's items, for make_layout
  CellStats stats;
};

/// Collective. Trains on a hash sample, gives every distinct vector its home cell, deals
/// consecutive cells to ranks by predicted scan work and moves each vector once to its cell's rank.
///
/// Two-level k-means by faiss::Clustering: about sqrt(cells) groups, then each group's cells from
/// the sample items of the group; groups are dealt to ranks. Cells with more than four times their
/// share of the items are split, empty ones dropped. The result does not depend on ranks or
/// threads. duplicates: of this rank's row block; they are no nodes. Cost: three passes over the
/// rank's rows.
[[nodiscard]] BuiltShard build_shard(const comm::Communicator& comm, const corpus::Corpus& corpus,
                                     corpus::RowReader& reader,
                                     std::span<const corpus::DuplicateItem> duplicates,
                                     const CellConfig& config);

/// Collective. Rank 0 writes the cells' centroids as a FAISS IndexFlatL2, under a temporary name
/// first.
void save_centroids(const Shard& shard, const std::string& path);

/// Collective. Sets shard.centroids from such a file, read by rank 0.
void load_centroids(Shard& shard, const std::string& path);

/// Sizes of all cells, in order: what a layout for any number of ranks is made from, with the work
/// of each.
struct LayoutPlan {
  std::vector<Count> cell_sizes;
  std::vector<Count> cell_work;
};

/// Deals consecutive cells to ranks so that the work is even.
[[nodiscard]] CellLayout make_layout(const LayoutPlan& plan, int num_ranks);

/// Collective. Reads the vectors of shard.rows: each rank reads its row block and sends rows to the
/// ranks that own them, in waves of bounded size. Fills shard.vectors: as float16 where that holds
/// every value (an f16, u8 or i8 corpus that is not scaled to unit length), else as float32. Throws
/// comm::Stopped between two waves if a stop was asked for.
void fetch_vectors(const corpus::Corpus& corpus, corpus::RowReader& reader, Shard& shard);

}  // namespace kith::cells
