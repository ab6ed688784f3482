// The nearest nodes of a block of queries, exactly, at the price of the scan.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "kith/cells/cells.hpp"
#include "kith/distance/nearest.hpp"
#include "kith/distance/panels.hpp"
#include "kith/distance/score_error.hpp"

#include "entry.hpp"

namespace kith::knn {

/// Nodes that are compared, by number. Numbers ascend with positions.
struct NodeTable {
  std::function<Position(std::int32_t)> position;
  std::function<const std::byte*(std::int32_t)> row;  // its vector, of the type of the shard's
};

/// A cell, the number of its first node, and the queries of the block that search it, ascending.
struct SearchedCell {
  const distance::Panels* panels = nullptr;
  std::int32_t first_node = 0;
  std::span<const std::int32_t> queries;
};

/// Queries and their own positions, which are not their neighbors.
struct QueryBlock {
  std::span<const float> vectors;  // positions x dim
  std::span<const Position> positions;
};

/// Finds, for each query, the first k others by (key, position) in the cells that it searches.
///
/// The scan's scores choose some candidates, and their direct distances are computed. Rounding
/// gives scores a noise that depends on the cell, so that nearly equal distances may be chosen
/// wrongly. Where a bound of the noise does not exclude this, all that it may have mistaken are
/// looked at again. So a list depends on nothing but the nodes of the cells: lists of parts of the
/// cells, on any ranks, merge to that of all. One object a thread; its memory is kept.
class NearestNodes {
 public:
  NearestNodes(const cells::Shard& shard, int k);

  /// lists: positions x k, sorted, of nodes of other cells; those of these cells are added as far
  /// as they are nearer.
  void search(const QueryBlock& block, std::span<const SearchedCell> cells, const NodeTable& nodes,
              std::span<Entry> lists);

 private:
  /// A query whose list may lack a node within `distance`.
  struct Doubt {
    std::int32_t query;
    float distance;
    float reach;
  };
  struct Job {
    const QueryBlock& block;
    std::span<const SearchedCell> cells;
    const NodeTable& nodes;
    std::span<Entry> lists;

    [[nodiscard]] std::span<Entry> list(std::int32_t query, int k) const {
      return lists.subspan(to_size(Count{query} * k), to_size(k));
    }
    [[nodiscard]] std::span<const float> vector(std::int32_t query, Count dim) const {
      return block.vectors.subspan(to_size(query * dim), to_size(dim));
    }
  };

  void search_again(const Job& job, std::span<const Doubt> doubts);
  void search_directly(const Job& job, std::int32_t query);
  bool keep(const Job& job, std::int32_t query, const distance::Scanner& scanner,
            std::int32_t number, std::span<const distance::Neighbor> found);
  void add(const Job& job, std::int32_t query, std::int32_t node);
  void rate(const Job& job, std::int32_t query);

  distance::Nearness nearness_;
  distance::RowType type_;
  Count dim_;
  int k_;
  distance::ScoreError error_;
  distance::Scanner scanner_;
  distance::Scanner wide_scanner_;
  Candidates candidates_;
  std::vector<distance::Neighbor> found_;
  std::vector<Entry> list_;
  std::vector<Doubt> doubts_;
};

}  // namespace kith::knn
