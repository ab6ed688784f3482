// Propagation of very many classes within planned memory: kept labels, what truncation hides, time.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>

#include <boost/program_options.hpp>

#include "kith/comm/collectives.hpp"
#include "kith/core/memory.hpp"
#include "kith/core/parallel.hpp"
#include "kith/core/random.hpp"
#include "kith/propagate/memory.hpp"
#include "kith/propagate/propagate.hpp"

namespace {

namespace po = boost::program_options;
using namespace kith;  // NOLINT(google-build-using-namespace): a program of this library

struct Settings {
  Count items = 1000000;
  int classes = 20000;
  int k = 10;
  int seeds_per_class = 2;
  int top = 16;
  int sweeps = 20;
  std::string method = "spreading";
};

/// The class of an item: classes are runs of items in cell order.
std::int32_t class_of(const Settings& settings, Count item) {
  return static_cast<std::int32_t>(item * settings.classes / settings.items);
}

/// Most neighbors within about half a class's length, one in twenty anywhere.
NeighborLists make_lists(const Settings& settings, Count begin, Count end) {
  NeighborLists lists;
  lists.k = settings.k;
  const Count span = std::max<Count>(settings.items / settings.classes, 2 * settings.k + 2);
  for (Count i = begin; i < end; ++i) {
    std::vector<Count> chosen;
    for (std::uint64_t draw = 0; static_cast<int>(chosen.size()) < settings.k; draw += 2) {
      const double u = random_uniform(7, Purpose::tie, i, draw + 1);
      const bool is_far = random_uniform(7, Purpose::tie, i, draw) < 0.05;
      const Count first = std::clamp(i - span / 2, Count{0}, settings.items - span);
      const Count j = is_far ? static_cast<Count>(u * static_cast<double>(settings.items))
                             : first + static_cast<Count>(u * static_cast<double>(span));
      if (j != i && std::find(chosen.begin(), chosen.end(), j) == chosen.end()) {
        chosen.push_back(j);
        lists.neighbors.emplace_back(j);
        lists.distances.push_back(is_far ? 2.0F : 1.0F);
      }
    }
  }
  return lists;
}

propagate::Task make_task(const Settings& settings) {
  propagate::Task task;
  task.name = settings.method;
  task.solver.method = &propagate::method(settings.method);
  task.solver.parameters["alpha"] = 0.9;
  task.solver.max_sweeps = settings.sweeps;
  for (int label = 0; label < settings.classes; ++label) {
    const Count begin = label * settings.items / settings.classes;
    const Count length = (label + 1) * settings.items / settings.classes - begin;
    for (int s = 0; s < settings.seeds_per_class; ++s) {
      const Count node = begin + length * (2 * s + 1) / (2 * settings.seeds_per_class);
      task.seeds.push_back({Position{node}, Label{label}, 1.0F});
    }
  }
  return task;
}

}  // namespace

int main(int argc, char** argv) {
  const comm::Environment mpi{argc, argv};
  const auto world = comm::Communicator::duplicate(MPI_COMM_WORLD);
  Settings settings;
  po::options_description description;
  description.add_options()("items", po::value(&settings.items))(
      "classes", po::value(&settings.classes))("k", po::value(&settings.k))(
      "seeds-per-class", po::value(&settings.seeds_per_class))("top", po::value(&settings.top))(
      "sweeps", po::value(&settings.sweeps))("method", po::value(&settings.method));
  po::variables_map values;
  try {
    po::store(po::parse_command_line(argc, argv, description), values);
    po::notify(values);
  } catch (const po::error& error) {  // the same on every rank
    if (world.is_root()) {
      fmt::print(stderr, "many_classes_perf: {}\n", error.what());
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
  const propagate::Task task = make_task(settings);
  release_free_memory();
  const Count held = resident_bytes();
  // State, scores, and what a sweep packs for the other ranks.
  const Count planned =
      propagate::truncated_state_bytes(graph.num_owned() + graph.num_ghosts(), task, settings.top) +
      graph.num_owned() * (8 * settings.top + 8);
  std::ofstream{"/proc/self/clear_refs"} << "5";  // the peak begins anew (Linux, proc(5))
  const auto start = std::chrono::steady_clock::now();
  const propagate::TaskResult result =
      propagate::propagate(graph, std::span{&task, 1}, {settings.classes, settings.top})[0];
  const double seconds = comm::max_over_ranks(
      world, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  const Count used = peak_resident_bytes() - held;

  std::vector<Count> counts(2, 0);  // right, reached
  for (Count row = 0; row < graph.num_owned(); ++row) {
    const Label label = result.labels[to_size(row * settings.top)];
    counts[1] += label.is_none() ? 0 : 1;
    counts[0] += label.value() == class_of(settings, graph.owned().begin.value() + row) ? 1 : 0;
  }
  comm::sum_over_ranks(world, std::span{counts});
  const Count most_planned = comm::max_over_ranks(world, planned);
  const Count most_used = comm::max_over_ranks(world, used);
  if (world.is_root()) {
    fmt::print(
        "method,items,classes,top,ranks,threads,sweeps,seconds,medges_per_s,planned_mib,"
        "used_mib,mean_rest,largest_rest,reached,accuracy\n");
    fmt::print("{},{},{},{},{},{},{},{:.2f},{:.1f},{:.0f},{:.0f},{:.4f},{:.4f},{},{:.4f}\n",
               settings.method, settings.items, settings.classes, settings.top, world.size(),
               num_threads(), result.sweeps, seconds,
               1e-6 * static_cast<double>(graph.num_edges()) * result.sweeps / seconds,
               static_cast<double>(most_planned) * 0x1p-20,
               static_cast<double>(most_used) * 0x1p-20, result.mean_residual_mass.value_or(0),
               result.largest_residual_mass, counts[1],
               static_cast<double>(counts[0]) / static_cast<double>(settings.items));
  }
  return 0;
}
