// What a sweep costs here, measured by propagating over a made graph.
#include <algorithm>
#include <chrono>

#include "kith/comm/collectives.hpp"
#include "kith/core/log.hpp"
#include "kith/core/random.hpp"
#include "kith/propagate/propagate.hpp"

#include "run/measure_rates.hpp"

namespace kith::run {
namespace {

constexpr Count kStateBytes = Count{192} << 20;  // also a panel of it is more than caches hold
constexpr Count kFewestNodes = 1000;             // of a rank
constexpr Count kMostNodes = 60000;
constexpr int kMostClasses = 32;
constexpr int kMostSparseClasses = 1000;
constexpr Count kSparseNodes = 4000;
constexpr int kSeedsPerClass = 4;
constexpr Count kWindow = 2400;  // positions among which a node's neighbors are: some cells
constexpr int kShort = 10;       // sweeps; the first ten are each followed by a check
constexpr int kLong = 25;

/// Lists of a graph whose neighbors are near in position, as cells in tree order make them.
NeighborLists made_lists(Count first, Count count, Count num_nodes, int k) {
  NeighborLists lists;
  lists.k = k;
  const Count step = std::max<Count>(1, kWindow / k);
  for (Count node = first; node < first + count; ++node) {
    for (int place = 0; place < k; ++place) {
      const auto random = static_cast<Count>(random_bits(3, Purpose::tie, node * k + place) >> 1U);
      const Count away = 1 + place * step + random % step;
      lists.neighbors.emplace_back((node + away) % num_nodes);
      lists.distances.push_back(1 + static_cast<float>(place));
    }
  }
  return lists;
}

graph::Graph made_graph(const comm::Communicator& comm, Count nodes_of_rank, int k) {
  std::vector<Position> first_of_rank;
  for (int rank = 0; rank <= comm.size(); ++rank) {
    first_of_rank.emplace_back(rank * nodes_of_rank);
  }
  const Count all = nodes_of_rank * comm.size();
  return graph::build_graph(comm, first_of_rank,
                            made_lists(comm.rank().value() * nodes_of_rank, nodes_of_rank, all, k),
                            {});
}

std::vector<ensemble::FoldedSeed> made_seeds(Count num_nodes, int num_classes, int folds) {
  const Count num_seeds = std::min<Count>(num_nodes, Count{kSeedsPerClass} * num_classes);
  std::vector<ensemble::FoldedSeed> seeds;
  for (Count i = 0; i < num_seeds; ++i) {
    ensemble::FoldedSeed& entry = seeds.emplace_back();
    entry.seed.node = Position{i * num_nodes / num_seeds};
    entry.seed.label = Label{static_cast<std::int32_t>(i % num_classes)};
    entry.fold = folds < 2 ? -1 : static_cast<int>(i / num_classes % folds);
  }
  return seeds;
}

/// Collective. Seconds of so many sweeps.
double seconds_of(const graph::Graph& graph, std::vector<propagate::Task> tasks, int sweeps,
                  int num_classes, int top) {
  for (propagate::Task& task : tasks) {
    task.solver.max_sweeps = sweeps;
    task.solver.tolerance = 1e-30;
    task.solver.early_stop = false;
  }
  comm::barrier(graph.comm());
  const auto start = std::chrono::steady_clock::now();
  (void)propagate::propagate(graph, tasks, {num_classes, top < num_classes ? top : 0});
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  return comm::max_over_ranks(graph.comm(), took.count());
}

}  // namespace

double sweep_rate(const comm::Communicator& comm, PlanInput input,
                  const std::vector<ensemble::MemberConfig>& members) {
  if (members.empty()) {
    return 1;  // nobody asks for it
  }
  input.members = members;
  const int top = labels_of_row(input);
  const bool is_sparse = top < input.classes;
  if (is_sparse) {  // tasks are alike and go one by one: one of each member will do
    input.folds = 0;
  }
  input.classes = std::min(input.classes, is_sparse ? kMostSparseClasses : kMostClasses);
  ensemble::EnsembleConfig config;
  config.top_labels = input.top_labels;
  config.folds = input.folds;
  const Count columns = label_columns(input);
  const Count state = is_sparse ? kSparseNodes : kStateBytes / (2 * Count{sizeof(float)} * columns);
  const Count nodes = std::clamp(state, kFewestNodes, kMostNodes);
  const bool speaks = log::is_speaker();
  log::set_speaker(false);
  const int k = std::min(input.k, 100);
  const graph::Graph graph = made_graph(comm, nodes, k);
  const auto seeds = made_seeds(graph.num_nodes(), input.classes, input.folds);
  auto tasks = ensemble::make_tasks(seeds, {}, members, config, input.classes);
  const std::vector<float> even(to_size(graph.num_owned() * input.classes),
                                1.0F / static_cast<float>(input.classes));
  for (propagate::Task& task : tasks) {
    if (task.solver.method->facts().takes_voter) {
      task.base = even;
    }
  }
  const double few = seconds_of(graph, tasks, kShort, input.classes, top);
  const double many = seconds_of(graph, tasks, kLong, input.classes, top);
  log::set_speaker(speaks);
  const double sweep_s = std::max((many - few) / (kLong - kShort), many / (4 * kLong));
  return static_cast<double>(nodes * columns) / sweep_s;
}

}  // namespace kith::run
