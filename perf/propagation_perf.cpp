// Rate of the propagation's sweeps: directed edges a second and core, at 16 and more columns.
// perf/propagation_peers.py runs it beside SciPy and scikit-learn on the same graph.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <string>

#include <boost/program_options.hpp>

#include "kith/comm/collectives.hpp"
#include "kith/core/parallel.hpp"
#include "kith/core/random.hpp"
#include "kith/propagate/propagate.hpp"

namespace {

namespace po = boost::program_options;
using namespace kith;  // NOLINT(google-build-using-namespace): a program of this library

constexpr int kClasses = 16;
constexpr int kSeedsPerClass = 10;
constexpr double kFarShare = 0.02;

struct Settings {
  Count items = 200000;
  int k = 10;
  Count window = 1000;  // neighbors are that near in cell order, but for a few
  int sweeps = 30;
  int repeats = 3;
  std::string solver = "sweeps";  // sweeps | chebyshev | conjugate_gradient
  double tolerance = 1e-30;
  std::string dump;
};

/// The same in both directions, as distances are.
float distance_between(Count i, Count j) {
  return static_cast<float>(0.1 + random_uniform(11, Purpose::tie, std::min(i, j),
                                                 static_cast<std::uint64_t>(std::max(i, j))));
}

/// Neighbors as a graph in cell order has them: most are near by, a few are anywhere.
NeighborLists make_lists(const Settings& settings, Count begin, Count end) {
  NeighborLists lists;
  lists.k = settings.k;
  const auto uniform = [](Count item, int draw) {
    return random_uniform(7, Purpose::tie, item, static_cast<std::uint64_t>(draw));
  };
  for (Count i = begin; i < end; ++i) {
    std::vector<Count> chosen;
    for (int draw = 0; static_cast<int>(chosen.size()) < settings.k; ++draw) {
      const bool is_far = uniform(i, 3 * draw) < kFarShare;
      const Count span = is_far ? settings.items : std::min(settings.window, settings.items);
      const Count first = is_far ? 0 : std::clamp(i - span / 2, Count{0}, settings.items - span);
      const Count j =
          first + static_cast<Count>(uniform(i, 3 * draw + 1) * static_cast<double>(span));
      if (j != i && std::find(chosen.begin(), chosen.end(), j) == chosen.end()) {
        chosen.push_back(j);
        lists.neighbors.emplace_back(j);
        lists.distances.push_back(distance_between(i, j));
      }
    }
  }
  return lists;
}

std::vector<propagate::Task> make_tasks(const Settings& settings, int count) {
  std::vector<propagate::Task> tasks;
  for (int t = 0; t < count; ++t) {
    propagate::Task& task = tasks.emplace_back();
    task.name = fmt::format("task{}", t);
    task.solver.method = &propagate::method("spreading");
    task.solver.parameters["alpha"] = 0.9;
    task.solver.max_sweeps = settings.sweeps;
    task.solver.tolerance = settings.tolerance;
    task.solver.solver = settings.solver == "chebyshev" ? propagate::Solver::chebyshev
                         : settings.solver == "conjugate_gradient"
                             ? propagate::Solver::conjugate_gradient
                             : propagate::Solver::sweeps;
    for (int s = 0; s < kClasses * kSeedsPerClass; ++s) {
      const auto node =
          static_cast<Count>(random_uniform(3, Purpose::tie, s, static_cast<std::uint64_t>(t)) *
                             static_cast<double>(settings.items));
      task.seeds.push_back({Position{node}, Label{s % kClasses}, 1.0F});
    }
  }
  return tasks;
}

template <class T>
void write_raw(const std::string& path, std::span<const T> values) {
  std::ofstream file{path, std::ios::binary};
  file.write(reinterpret_cast<const char*>(values.data()),
             static_cast<std::streamsize>(values.size_bytes()));
}

/// The whole graph of one rank, the seeds and the scores of the first task, for other programs.
void dump(const std::string& folder, const graph::Graph& graph, const propagate::Task& task,
          const propagate::TaskResult& result) {
  write_raw<Count>(folder + "/offsets.i64", graph.offsets());
  write_raw<LocalId>(folder + "/columns.i32", graph.columns());
  write_raw<float>(folder + "/weights.f32", graph.weights());
  write_raw<float>(folder + "/scores.f32", result.scores);
  std::vector<std::int32_t> labels(to_size(graph.num_owned()), -1);
  for (const propagate::NodeSeed& seed : task.seeds) {
    labels[to_size(seed.node)] = seed.label.value();
  }
  write_raw<std::int32_t>(folder + "/labels.i32", labels);
}

/// Each node once, as a file of labels has them.
void keep_first_label(std::vector<propagate::NodeSeed>& seeds) {
  std::stable_sort(seeds.begin(), seeds.end(),
                   [](const auto& a, const auto& b) { return a.node < b.node; });
  const auto last = std::unique(seeds.begin(), seeds.end(),
                                [](const auto& a, const auto& b) { return a.node == b.node; });
  seeds.erase(last, seeds.end());
}

Settings parse(int argc, char** argv) {
  Settings settings;
  po::options_description description;
  description.add_options()("items", po::value(&settings.items))("k", po::value(&settings.k))(
      "window", po::value(&settings.window))("sweeps", po::value(&settings.sweeps))(
      "repeats", po::value(&settings.repeats))("solver", po::value(&settings.solver))(
      "tolerance", po::value(&settings.tolerance))("dump", po::value(&settings.dump));
  po::variables_map values;
  po::store(po::parse_command_line(argc, argv, description), values);
  po::notify(values);
  return settings;
}

}  // namespace

int main(int argc, char** argv) {
  const comm::Environment mpi{argc, argv};
  const auto world = comm::Communicator::duplicate(MPI_COMM_WORLD);
  Settings settings;
  try {
    settings = parse(argc, argv);
  } catch (const po::error& error) {  // the same on every rank
    if (world.is_root()) {
      fmt::print(stderr, "propagation_perf: {}\n", error.what());
    }
    return 1;
  }
  std::vector<Position> first;
  for (int rank = 0; rank <= world.size(); ++rank) {
    first.emplace_back(settings.items * rank / world.size());
  }
  const graph::Graph graph =
      graph::build_graph(world, first,
                         make_lists(settings, first[to_size(world.rank())].value(),
                                    first[to_size(world.rank()) + 1].value()),
                         graph::GraphConfig{});
  if (world.is_root()) {
    fmt::print("columns,ranks,threads,edges,sweeps,seconds,medges_per_s_per_core\n");
  }
  const std::vector<int> counts =
      settings.solver == "sweeps" ? std::vector<int>{1, 8} : std::vector<int>{1};
  for (const int num_tasks : counts) {
    std::vector<propagate::Task> tasks = make_tasks(settings, num_tasks);
    for (propagate::Task& task : tasks) {
      keep_first_label(task.seeds);
    }
    for (int repeat = 0; repeat < settings.repeats; ++repeat) {
      comm::barrier(world);
      const auto start = std::chrono::steady_clock::now();
      const auto results = propagate::propagate(graph, tasks, {kClasses});
      const double seconds = comm::max_over_ranks(
          world, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
      const double cores = world.size() * num_threads();
      int sweeps = 0;  // a task may settle to the last bit before the limit
      for (const propagate::TaskResult& result : results) {
        sweeps = std::max(sweeps, result.sweeps);
      }
      if (world.is_root()) {
        fmt::print("{},{},{},{},{},{:.4f},{:.1f}\n", num_tasks * kClasses, world.size(),
                   num_threads(), graph.num_edges(), sweeps, seconds,
                   1e-6 * static_cast<double>(graph.num_edges()) * sweeps / seconds / cores);
        std::fflush(stdout);
      }
      if (num_tasks == 1 && repeat == 0 && !settings.dump.empty() && world.size() == 1) {
        dump(settings.dump, graph, tasks[0], results[0]);
      }
    }
  }
  return 0;
}
