#include "made_shard.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

#include "kith/cells/probes.hpp"
#include "kith/core/half.hpp"
#include "kith/core/random.hpp"
#include "kith/distance/direct.hpp"

namespace kith::test {
namespace {

/// Near to one of ten centers; a third of the nodes near the first, so that cells are uneven.
std::vector<float> scattered_vectors(const MadeCorpus& corpus) {
  std::vector<float> vectors(to_size(corpus.num_nodes * corpus.dim));
  for (Count place = 0; place < corpus.num_nodes; ++place) {
    const Count node = place < corpus.num_equal ? 0 : place;
    const Count center = node % 3 == 0 ? 0 : node % 10;
    for (Count i = 0; i < corpus.dim; ++i) {
      const double middle = random_uniform(corpus.seed, Purpose::tie, center * 10000 + i, 1);
      const double offset =
          random_uniform(corpus.seed, Purpose::tie, node * corpus.dim + i, 2) - 0.5;
      vectors[to_size(place * corpus.dim + i)] =
          static_cast<float>(corpus.shift + middle + 0.7 * offset);
    }
  }
  if (corpus.far != 0) {
    vectors[to_size(5 * corpus.dim)] += static_cast<float>(corpus.far);
  }
  return vectors;
}

float tied_value(const MadeCorpus& corpus, Count node, Count i) {
  const auto draw = [&](Count key, std::uint64_t purpose) {
    return random_uniform(corpus.seed, Purpose::tie, key, purpose);
  };
  const auto choice = [&](Count key, std::uint64_t purpose, Count choices) {
    return static_cast<Count>(draw(key, purpose) * static_cast<double>(choices));
  };
  switch (corpus.values) {
    case Values::sparse:
      return draw(node * corpus.dim + i, 3) < 0.1 || choice(node, 4, corpus.dim) == i ? 1.0F : 0.0F;
    case Values::one_hot:
      return choice(node, 4, corpus.dim) == i ? static_cast<float>(1 + choice(node, 5, 3)) : 0.0F;
    case Values::grid:
      return static_cast<float>(choice(node * corpus.dim + i, 3, 4));
    case Values::scaled:
      return static_cast<float>(1 + choice(choice(node, 4, 12) * corpus.dim + i, 3, 5)) *
             static_cast<float>(1 + choice(node, 5, 9));
    default:
      return 0;
  }
}

/// Without a zero vector, which has no direction.
std::vector<float> tied_vectors(const MadeCorpus& corpus) {
  std::vector<float> vectors(to_size(corpus.num_nodes * corpus.dim));
  for (Count node = 0; node < corpus.num_nodes; ++node) {
    const auto row = std::span{vectors}.subspan(to_size(node * corpus.dim), to_size(corpus.dim));
    for (Count i = 0; i < corpus.dim; ++i) {
      row[to_size(i)] = tied_value(corpus, node, i);
    }
    if (std::count(row.begin(), row.end(), 0.0F) == corpus.dim) {
      row[0] = 1;
    }
  }
  return vectors;
}

void scale_to_unit_length(std::vector<float>& vectors, Count dim) {
  for (std::size_t first = 0; first < vectors.size(); first += to_size(dim)) {
    const auto row = std::span{vectors}.subspan(first, to_size(dim));
    const double norm = std::sqrt(std::inner_product(row.begin(), row.end(), row.begin(), 0.0));
    for (float& value : row) {
      value = static_cast<float>(double{value} / norm);
    }
  }
}

std::vector<float> make_vectors(const MadeCorpus& corpus) {
  std::vector<float> vectors =
      corpus.values == Values::scattered ? scattered_vectors(corpus) : tied_vectors(corpus);
  if (corpus.metric == corpus::Metric::cosine) {
    scale_to_unit_length(vectors, corpus.dim);
  }
  return vectors;
}

std::span<const float> row_of(const std::vector<float>& rows, Count row, Count dim) {
  return std::span{rows}.subspan(to_size(row * dim), to_size(dim));
}

/// The vector that a cell is around.
std::span<const float> centroid_of(const std::vector<float>& vectors, Count cell,
                                   const MadeCorpus& corpus) {
  return row_of(vectors, cell * corpus.num_nodes / corpus.num_cells, corpus.dim);
}

/// The cell with the nearest centroid.
CellId home_of(const std::vector<float>& vectors, Count node, const MadeCorpus& corpus) {
  CellId home{0};
  float nearest = std::numeric_limits<float>::infinity();
  for (Count cell = 0; cell < corpus.num_cells; ++cell) {
    const float distance = distance::squared_distance(row_of(vectors, node, corpus.dim),
                                                      centroid_of(vectors, cell, corpus));
    if (distance < nearest) {
      nearest = distance;
      home = CellId{static_cast<std::int32_t>(cell)};
    }
  }
  return home;
}

/// The whole corpus in position order.
struct Sorted {
  std::vector<float> vectors;
  std::vector<GlobalId> rows;
  std::vector<float> centroids;
  std::vector<Position> first_node;
};

Sorted sort_by_cell(const MadeCorpus& corpus) {
  const std::vector<float> vectors = make_vectors(corpus);
  std::vector<CellId> homes;
  for (Count node = 0; node < corpus.num_nodes; ++node) {
    homes.push_back(home_of(vectors, node, corpus));
  }
  std::vector<Count> order(to_size(corpus.num_nodes));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](Count left, Count right) {
    return homes[to_size(left)] < homes[to_size(right)];
  });
  Sorted sorted;
  sorted.first_node.assign(to_size(corpus.num_cells) + 1, Position{corpus.num_nodes});
  for (Count position = corpus.num_nodes - 1; position >= 0; --position) {
    const Count node = order[to_size(position)];
    for (Count cell = 0; cell <= homes[to_size(node)].value(); ++cell) {
      sorted.first_node[to_size(cell)] = Position{position};
    }
  }
  for (const Count node : order) {
    const auto row = row_of(vectors, node, corpus.dim);
    sorted.vectors.insert(sorted.vectors.end(), row.begin(), row.end());
    sorted.rows.emplace_back(3 * node);
  }
  for (Count cell = 0; cell < corpus.num_cells; ++cell) {
    const auto centroid = centroid_of(vectors, cell, corpus);
    sorted.centroids.insert(sorted.centroids.end(), centroid.begin(), centroid.end());
  }
  for (Count cell = corpus.num_cells - 1; cell >= 0; --cell) {  // empty cells begin at the next
    sorted.first_node[to_size(cell)] =
        std::min(sorted.first_node[to_size(cell)], sorted.first_node[to_size(cell) + 1]);
  }
  return sorted;
}

}  // namespace

cells::Shard make_shard(const comm::Communicator& comm, const MadeCorpus& corpus, Dealing dealing) {
  const Sorted sorted = sort_by_cell(corpus);
  std::vector<CellId> first_cells;
  for (int rank = 0; rank <= comm.size(); ++rank) {
    const Count even = corpus.num_cells * rank / comm.size();
    const Count last = rank == comm.size() ? corpus.num_cells : 0;
    first_cells.emplace_back(static_cast<std::int32_t>(dealing == Dealing::even ? even : last));
  }
  cells::Shard shard;
  shard.comm = &comm;
  shard.layout = cells::CellLayout{sorted.first_node, first_cells};
  shard.dim = corpus.dim;
  shard.metric = corpus.metric;
  const IdRange<Position> mine = shard.layout.nodes_of(comm.rank());
  const auto part = [&](const auto& all, Count width) {
    return std::decay_t<decltype(all)>(all.begin() + mine.begin.value() * width,
                                       all.begin() + mine.end.value() * width);
  };
  shard.vectors = cells::Vectors{comm, corpus.type, corpus.dim, mine.size()};
  const auto vectors = part(sorted.vectors, corpus.dim);
  if (corpus.type == distance::RowType::f16) {
    std::vector<std::uint16_t> halves(vectors.size());
    float_to_half(vectors, halves);
    std::memcpy(shard.vectors.bytes().data(), halves.data(), shard.vectors.bytes().size());
  } else {
    std::memcpy(shard.vectors.bytes().data(), vectors.data(), shard.vectors.bytes().size());
  }
  shard.vectors.publish();
  shard.rows = part(sorted.rows, 1);
  shard.centroids = sorted.centroids;
  cells::find_probes(shard, corpus.num_probes);
  return shard;
}

NeighborLists slow_neighbors(const cells::Shard& whole, int k, const MayUse& may_use) {
  NeighborLists lists{k, {}, {}};
  const std::vector<float> vectors = whole.vectors.copy();
  const Count num_nodes = whole.layout.num_nodes();
  for (Count query = 0; query < num_nodes; ++query) {
    const auto x = row_of(vectors, query, whole.dim);
    std::vector<std::pair<float, Count>> ranked;
    for (Count node = 0; node < num_nodes; ++node) {
      if (node != query && may_use(query, node)) {
        const auto y = row_of(vectors, node, whole.dim);
        ranked.emplace_back(whole.metric == corpus::Metric::inner_product
                                ? -distance::inner_product(x, y)
                                : distance::squared_distance(x, y),
                            node);
      }
    }
    std::sort(ranked.begin(), ranked.end());
    for (std::size_t i = 0; i < to_size(k); ++i) {
      const Count node = i < ranked.size() ? ranked[i].second : -1;
      lists.neighbors.emplace_back(node);
      lists.distances.push_back(
          node < 0 ? 0 : distance::squared_distance(x, row_of(vectors, node, whole.dim)));
    }
  }
  return lists;
}

}  // namespace kith::test
