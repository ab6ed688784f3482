#include "nearest_nodes.hpp"

#include <algorithm>

namespace kith::knn {
namespace {

/// Candidates of a query that is looked at again. If more are within the noise, all nodes are
/// compared with it directly.
constexpr int num_wide_candidates(int k) {
  return num_candidates(k) + 1024;
}
/// Queries that are looked at again together: bounds memory.
constexpr std::size_t kDoubtsAtOnce = 48;

/// The cells with only some of their queries, which become 0, 1, ... in their order.
class SomeQueries {
 public:
  SomeQueries(std::span<const SearchedCell> cells, std::span<const std::int32_t> queries) {
    for (const SearchedCell& cell : cells) {
      auto& numbers = numbers_.emplace_back();
      std::int32_t next = 0;
      for (const std::int32_t query : queries) {
        if (std::binary_search(cell.queries.begin(), cell.queries.end(), query)) {
          numbers.push_back(next);
        }
        ++next;
      }
      cells_.push_back({cell.panels, cell.first_node, numbers});
    }
  }

  [[nodiscard]] std::span<const SearchedCell> cells() const { return cells_; }

 private:
  std::vector<std::vector<std::int32_t>> numbers_;
  std::vector<SearchedCell> cells_;
};

void scan(distance::Scanner& scanner, std::span<const SearchedCell> cells) {
  for (const SearchedCell& cell : cells) {
    if (!cell.queries.empty()) {
      scanner.scan(*cell.panels, cell.first_node, cell.queries);
    }
  }
}

}  // namespace

NearestNodes::NearestNodes(const cells::Shard& shard, int k)
    : nearness_{nearness_of(shard.metric)},
      type_{shard.vectors.type()},
      dim_{shard.dim},
      k_{k},
      error_{shard.dim},
      scanner_{shard.dim, num_candidates(k)},
      wide_scanner_{shard.dim, num_wide_candidates(k)},
      list_(to_size(k)) {
}

void NearestNodes::search(const QueryBlock& block, std::span<const SearchedCell> cells,
                          const NodeTable& nodes, std::span<Entry> lists) {
  const Job job{block, cells, nodes, lists};
  scanner_.start(block.vectors);
  scan(scanner_, cells);
  const std::size_t width = to_size(num_candidates(k_));
  found_.resize(block.positions.size() * width);
  scanner_.finish(found_);
  doubts_.clear();
  for (std::int32_t query = 0; query < count_of(block.positions); ++query) {
    if (!keep(job, query, scanner_, query,
              std::span{found_}.subspan(to_size(query) * width, width))) {
      doubts_.push_back({query, list_.back().key, scanner_.reach(query)});
    }
  }
  for (std::size_t first = 0; first < doubts_.size(); first += kDoubtsAtOnce) {
    search_again(
        job, std::span{doubts_}.subspan(first, std::min(kDoubtsAtOnce, doubts_.size() - first)));
  }
}

/// Scans once more for all that may be within the distance of the k-th.
void NearestNodes::search_again(const Job& job, std::span<const Doubt> doubts) {
  std::vector<std::int32_t> queries;
  std::vector<float> vectors;
  std::vector<float> thresholds;
  for (const Doubt& doubt : doubts) {
    queries.push_back(doubt.query);
    const auto vector = job.vector(doubt.query, dim_);
    vectors.insert(vectors.end(), vector.begin(), vector.end());
    thresholds.push_back(error_.most_score(doubt.distance, doubt.reach));
  }
  wide_scanner_.start(vectors, thresholds);
  scan(wide_scanner_, SomeQueries{job.cells, queries}.cells());
  const std::size_t width = to_size(num_wide_candidates(k_));
  found_.resize(queries.size() * width);
  wide_scanner_.finish(found_);
  for (std::size_t i = 0; i < queries.size(); ++i) {
    if (!keep(job, queries[i], wide_scanner_, static_cast<std::int32_t>(i),
              std::span{found_}.subspan(i * width, width))) {
      search_directly(job, queries[i]);
    }
  }
}

void NearestNodes::search_directly(const Job& job, std::int32_t query) {
  const auto list = job.list(query, k_);
  for (const SearchedCell& cell : job.cells) {
    if (std::binary_search(cell.queries.begin(), cell.queries.end(), query)) {
      candidates_.clear();
      const auto num_nodes = static_cast<std::int32_t>(cell.panels->num_items());
      for (std::int32_t node = cell.first_node; node < cell.first_node + num_nodes; ++node) {
        add(job, query, node);
      }
      rate(job, query);
      candidates_.merge_nearest(list, list);
    }
  }
}

/// Puts the nearest of the list and of what was found into list_, and from there into the list if
/// nothing that the scan left out can be among them. number: the query's in the scan.
bool NearestNodes::keep(const Job& job, std::int32_t query, const distance::Scanner& scanner,
                        std::int32_t number, std::span<const distance::Neighbor> found) {
  candidates_.clear();
  for (const distance::Neighbor& neighbor : found) {
    if (neighbor.index >= 0) {
      add(job, query, neighbor.index);
    }
  }
  rate(job, query);
  const auto list = job.list(query, k_);
  candidates_.merge_nearest(list, list_);
  // A list that is not full has all there is. Under inner_product scores are keys, bit by bit, and
  // numbers ascend with positions.
  const bool is_certain =
      nearness_ == distance::Nearness::inner_product || list_.back().position.is_none() ||
      double{list_.back().key} <
          error_.least_distance(scanner.threshold(number), scanner.reach(number));
  if (is_certain) {
    std::copy(list_.begin(), list_.end(), list.begin());
  }
  return is_certain;
}

void NearestNodes::add(const Job& job, std::int32_t query, std::int32_t node) {
  const Position position = job.nodes.position(node);
  if (position != job.block.positions[to_size(query)]) {
    candidates_.add(position, job.nodes.row(node));
  }
}

void NearestNodes::rate(const Job& job, std::int32_t query) {
  candidates_.rate(nearness_, type_, job.vector(query, dim_));
}

}  // namespace kith::knn
