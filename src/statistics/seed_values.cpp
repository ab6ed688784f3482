#include "statistics/seed_values.hpp"

#include <algorithm>
#include <limits>
#include <tuple>

#include "kith/comm/collectives.hpp"
#include "kith/layout/item_ids.hpp"
#include "kith/qa/shapley.hpp"

namespace kith::statistics {
namespace {

constexpr std::size_t kListed = 20;

/// The nodes that the lists of this rank name and other ranks own: read their values, send them
/// sums.
class ForeignNodes {
 public:
  /// Collective.
  ForeignNodes(const comm::Communicator& comm, const cells::CellLayout& layout,
               IdRange<Position> owned, std::span<const Position> named)
      : comm_{&comm}, owned_{owned}, counts_(to_size(comm.size()), 0) {
    for (const Position node : named) {
      if (!owned.contains(node)) {
        nodes_.push_back(node);
      }
    }
    std::sort(nodes_.begin(), nodes_.end());
    nodes_.erase(std::unique(nodes_.begin(), nodes_.end()), nodes_.end());
    for (const Position node : nodes_) {  // ranks own consecutive positions: packed already
      ++counts_[to_size(layout.owner(node))];
    }
    asked_ = comm::exchange<Position>(comm, nodes_, counts_);
    for (std::size_t rank = 0; rank < counts_.size(); ++rank) {
      asked_counts_.push_back(asked_.offsets[rank + 1] - asked_.offsets[rank]);
    }
  }

  [[nodiscard]] std::size_t size() const { return nodes_.size(); }
  [[nodiscard]] std::size_t index_of(Position node) const {
    return static_cast<std::size_t>(std::lower_bound(nodes_.begin(), nodes_.end(), node) -
                                    nodes_.begin());
  }

  /// Collective. owned: one value an owned node. Returns one a foreign node.
  [[nodiscard]] std::vector<Label> read(std::span<const Label> owned) const {
    std::vector<Label> answers;
    for (const Position node : asked_.items) {
      answers.push_back(owned[to_size(node.value() - owned_.begin.value())]);
    }
    return comm::exchange<Label>(*comm_, answers, asked_counts_).items;
  }

  /// Collective. Adds one number a foreign node to those of the owners.
  void add(std::span<const Count> foreign, std::span<Count> owned) const {
    const std::vector<Count> sums = comm::exchange<Count>(*comm_, foreign, counts_).items;
    for (std::size_t i = 0; i < sums.size(); ++i) {
      owned[to_size(asked_.items[i].value() - owned_.begin.value())] += sums[i];
    }
  }

 private:
  const comm::Communicator* comm_;
  IdRange<Position> owned_;
  std::vector<Position> nodes_;
  std::vector<Count> counts_;
  comm::Received<Position> asked_;
  std::vector<Count> asked_counts_;
};

/// Collective. Sum of the gains of each owned node over all nodes that ask.
std::vector<Count> sum_gains(const RunResults& run) {
  const NeighborLists& lists = run.lists;
  const std::vector<Label>& labels = run.consensus.best;
  const IdRange<Position> owned = run.cells.nodes_of(run.comm.rank());
  const ForeignNodes foreign{run.comm, run.cells, owned, lists.neighbors};
  const std::vector<Label> foreign_labels = foreign.read(labels);
  std::vector<Count> own_gains(labels.size(), 0);
  std::vector<Count> foreign_gains(foreign.size(), 0);
  const auto k = to_size(lists.k);
  std::vector<Label> near;
  std::vector<Count*> near_gains;
  std::vector<Count> gains;
  for (std::size_t query = 0; query < labels.size(); ++query) {
    if (labels[query].is_none()) {
      continue;
    }
    near.clear();
    near_gains.clear();
    for (const Position node : std::span{lists.neighbors}.subspan(query * k, k)) {
      const bool is_own = owned.contains(node);
      const std::size_t at =
          is_own ? to_size(node.value() - owned.begin.value()) : foreign.index_of(node);
      const Label label = is_own ? labels[at] : foreign_labels[at];
      if (!label.is_none()) {
        near.push_back(label);
        near_gains.push_back(is_own ? &own_gains[at] : &foreign_gains[at]);
      }
    }
    gains.assign(near.size(), 0);
    qa::add_knn_shapley_gains(labels[query], near, gains);
    for (std::size_t r = 0; r < near.size(); ++r) {
      *near_gains[r] += gains[r];
    }
  }
  foreign.add(foreign_gains, own_gains);
  return own_gains;
}

/// Collective. The values of the seeds' rows, by row.
std::vector<SeedValue> seed_values(const RunResults& run, std::span<const float> of_rows) {
  const IdRange<GlobalId> block = run.items.block;
  std::vector<SeedValue> mine;
  for (const corpus::Seed& seed : run.seeds) {
    const bool is_listed = !mine.empty() && mine.back().row == seed.row.value();  // by its heaviest
    if (block.contains(seed.row) && !is_listed) {
      const std::size_t at = to_size(seed.row.value() - block.begin.value());
      mine.push_back({seed.row.value(), seed.label, double{of_rows[at]}});
    }
  }
  return comm::gather_to_all<SeedValue>(run.comm, mine).items;  // blocks: by row
}

}  // namespace

void SeedValues::compute(const RunResults& run, const Computed& /*earlier*/) {
  const std::vector<Count> gains = sum_gains(run);
  const std::vector<Label>& labels = run.consensus.best;
  Count asking = 0;
  std::vector<float> of_nodes;
  for (std::size_t node = 0; node < gains.size(); ++node) {
    asking += labels[node].is_none() ? 0 : 1;
    of_nodes.push_back(labels[node].is_none()
                           ? std::numeric_limits<float>::quiet_NaN()
                           : static_cast<float>(static_cast<double>(gains[node]) / run.lists.k));
  }
  queries_ = comm::sum_over_ranks(run.comm, asking);
  of_rows_ = run.exchange.to_rows<float>(of_nodes);
  seeds_ = seed_values(run, of_rows_);
}

io::Json SeedValues::json(const RunResults& run, const Computed& /*all*/) const {
  std::vector<SeedValue> lowest = seeds_;
  std::sort(lowest.begin(), lowest.end(), [](const SeedValue& a, const SeedValue& b) {
    return std::tie(a.value, a.row) < std::tie(b.value, b.row);
  });
  lowest.resize(std::min(lowest.size(), kListed));
  std::vector<Count> listed_rows;
  for (const SeedValue& seed : lowest) {
    listed_rows.push_back(seed.row);
  }
  const std::vector<std::string> ids =
      layout::id_texts(run.comm, run.corpus, run.corpus_config, listed_rows);
  io::Json json;
  json["queries"] = queries_;
  json["neighbors"] = run.lists.k;
  json["seeds"] = count_of(seeds_);
  json["negative"] = std::count_if(seeds_.begin(), seeds_.end(),
                                   [](const SeedValue& seed) { return seed.value < 0; });
  json["lowest"] = io::Json::array();
  for (std::size_t i = 0; i < lowest.size(); ++i) {
    io::Json seed{{"row", lowest[i].row}};
    if (!ids.empty()) {
      seed["id"] = ids[i];
    }
    seed["class"] = run.corpus.class_names[to_size(lowest[i].label)];
    seed["value"] = lowest[i].value;
    json["lowest"].push_back(seed);
  }
  return json;
}

void SeedValues::write_tables(const RunResults& run, io::OutputFile& file) const {
  file.write_rows<float>("/value", of_rows_, run.items.block.begin.value(), {run.corpus.num_items});
}

}  // namespace kith::statistics
