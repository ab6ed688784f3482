// The k-nearest-neighbor graph of one corpus by Kith, FAISS and hnswlib: seconds, recall, memory.
//
// One CSV line a run and repeat; ends with status 1 if a result is wrong. Kith runs on any number
// of ranks, the others on one.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <iostream>
#include <numeric>
#include <sstream>
#include <string>
#include <vector>

#include "kith/cells/cells.hpp"
#include "kith/cells/probes.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/comm/communicator.hpp"
#include "kith/core/error.hpp"
#include "kith/core/parallel.hpp"
#include "kith/corpus/census.hpp"
#include "kith/corpus/corpus.hpp"
#include "kith/distance/direct.hpp"
#include "kith/distance/target.hpp"
#include "kith/io/input_file.hpp"
#include "kith/knn/knn.hpp"
#include "kith/knn/pilot.hpp"
#include "kith/knn/recall.hpp"

#include "baselines.hpp"
#include "knn_options.hpp"

namespace kith::perf {
namespace {

double now_s() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// Seconds that all threads of this process have computed.
double cpu_now_s() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

/// Forgets the largest memory so far, so that each run has its own peak (Linux).
void reset_peak_memory() {
  std::ofstream{"/proc/self/clear_refs"} << "5";
}

/// MiB.
Count peak_memory() {
  std::ifstream status{"/proc/self/status"};
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) {
      return std::stoll(line.substr(6)) / 1024;
    }
  }
  return 0;
}

struct Line {
  std::string run;
  int repeat = 0;
  double build_s = 0;   // cells, or index
  double search_s = 0;  // scan and refine, or search
  double cpu_s = 0;     // of both, all threads and ranks: less disturbed by others on the machine
  double pilot_s = 0;   // of search_s: choosing probes and rounds
  cells::CellStats cells;  // Kith only, as the next
  knn::KnnStats stats;
  std::string effort;  // what was chosen
  knn::RecallEstimate recall;
  Count memory_mib = 0;
  bool is_right = true;
};

/// All repeats of a run.
struct Summary {
  std::string run;
  std::vector<double> seconds;
  std::vector<double> recalls;
  Count peak_mib = 0;
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 != 0 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

class Benchmark {
 public:
  Benchmark(const comm::Communicator& comm, const Options& options, const std::string& path)
      : comm_{comm}, options_{options} {
    const io::DatasetInfo info = io::InputFile{path}.describe(options.dataset);
    if (info.shape.size() != 2 || !info.type) {
      fail("{}: {}: must be a matrix of numbers", path, options.dataset);
    }
    corpus_.files = {{path, GlobalId{0}, info.num_rows()}};  // no labels are needed here
    corpus_.num_items = info.num_rows();
    corpus_.dim = info.row_size();
    corpus_.type = *info.type;
    corpus_.embeddings = options.dataset;
    corpus::RowReader reader{corpus_};
    census_ = corpus::take_census(comm, corpus_, {}, reader, {});
  }

  /// Returns false if a result was wrong.
  bool run() {
    write(
        "git,target,ranks,threads,corpus,items,dim,k,run,repeat,build_s,search_s,total_s,cpu_s,"
        "items_per_s_core,effort,recall,recall_low,recall_high,peak_mib,is_right,train_s,assign_s,"
        "move_s,pilot_s,scan_s,"
        "scan_gflops_core,refine_s,refine_mdistances_s_core,ghost_mib,imbalance\n");
    bool are_right = true;
    std::vector<Summary> table;
    for (const std::string& run : options_.runs) {
      Summary& summary = table.emplace_back(Summary{run, {}, {}, 0});
      for (int repeat = 0; repeat < options_.repeats; ++repeat) {
        reset_peak_memory();
        Line line = run.starts_with("kith:") ? run_kith(run) : run_other(run);
        line.run = run;
        line.repeat = repeat;
        print(line);
        summary.seconds.push_back(line.build_s + line.search_s);
        summary.recalls.push_back(line.recall.recall);
        summary.peak_mib = std::max(summary.peak_mib, line.memory_mib);
        are_right = are_right && line.is_right;
      }
    }
    print_table(table);
    return are_right;
  }

 private:
  Line run_kith(const std::string& run) {
    cells::CellConfig cell_config;
    knn::KnnConfig config;
    config.k = options_.k;
    knn::EffortConfig effort;
    // NOLINTBEGIN(cert-err34-c): the number of values is checked
    const bool has_target = std::sscanf(run.c_str(), "kith:recall=%lf", &effort.recall) == 1;
    if (!has_target && std::sscanf(run.c_str(), "kith:%ld,%d,%d", &cell_config.num_cells,
                                   &effort.probes, &effort.refine_rounds) != 3) {
      fail("--run {}: must be kith:CELLS,PROBES,ROUNDS or kith:recall=TARGET", run);
    }
    // NOLINTEND(cert-err34-c)
    Line line;
    comm::barrier(comm_);
    const double cpu_start = cpu_now_s();
    double start = now_s();
    corpus::RowReader reader{corpus_};
    cells::BuiltShard built =
        cells::build_shard(comm_, corpus_, reader, census_.duplicates, cell_config);
    line.build_s = comm::max_over_ranks(comm_, now_s() - start);
    start = now_s();
    const knn::Effort chosen = knn::choose_effort(built.shard, options_.k, effort);
    cells::find_probes(built.shard, chosen.probes);
    config.refine_rounds = chosen.refine_rounds;
    line.effort = fmt::format("{} probes {} rounds", chosen.probes, chosen.refine_rounds);
    line.pilot_s = comm::max_over_ranks(comm_, now_s() - start);
    const knn::KnnResult result = knn::build_neighbors(built.shard, config);
    line.search_s = comm::max_over_ranks(comm_, now_s() - start);
    line.cells = built.stats;
    line.stats = result.stats;
    ExactSum cpu;
    cpu.add(cpu_now_s() - cpu_start);
    comm::sum_over_ranks(comm_, std::span{&cpu, 1});
    line.cpu_s = cpu.value();
    line.memory_mib = comm::sum_over_ranks(comm_, peak_memory());
    line.recall = knn::measure_recall(built.shard, result.lists, options_.num_samples, 1);
    line.is_right = !comm::any_rank(comm_, !check(built.shard, result.lists));
    return line;
  }

  /// One rank. Others get the distinct vectors too, in the order of the corpus.
  Line run_other(const std::string& run) {
    if (comm_.size() != 1) {
      fail("--run {}: {} ranks, must be one", run, comm_.size());
    }
    cells::CellConfig one_cell;
    one_cell.num_cells = 1;
    corpus::RowReader reader{corpus_};
    const cells::Shard shard =
        cells::build_shard(comm_, corpus_, reader, census_.duplicates, one_cell).shard;
    reset_peak_memory();
    const double cpu_start = cpu_now_s();
    const BaselineResult result = run_baseline(run, shard.vectors.copy(), shard.dim, options_.k);
    Line line;
    line.cpu_s = cpu_now_s() - cpu_start;
    line.build_s = result.build_s;
    line.search_s = result.search_s;
    line.memory_mib = peak_memory();
    const NeighborLists lists = to_lists(shard, result.neighbors);
    line.recall = knn::measure_recall(shard, lists, options_.num_samples, 1);
    return line;
  }

  /// With one cell, positions are in the order of rows.
  [[nodiscard]] NeighborLists to_lists(const cells::Shard& shard,
                                       const std::vector<std::int64_t>& neighbors) const {
    NeighborLists lists{options_.k, {}, {}};
    for (std::size_t i = 0; i < neighbors.size(); ++i) {
      const auto row = static_cast<Count>(i) / options_.k;
      lists.neighbors.emplace_back(neighbors[i]);
      lists.distances.push_back(
          neighbors[i] < 0
              ? std::numeric_limits<float>::infinity()
              : distance::squared_distance(vector(shard, row), vector(shard, neighbors[i])));
    }
    return lists;
  }

  static std::vector<float> vector(const cells::Shard& shard, Count node) {
    std::vector<float> scratch;
    const auto values = shard.vectors.floats(node, 1, scratch);
    return {values.begin(), values.end()};
  }

  /// Lists are full, sorted, without the node itself, with true distances (to owned nodes).
  [[nodiscard]] static bool check(const cells::Shard& shard, const NeighborLists& lists) {
    const IdRange<Position> mine = shard.layout.nodes_of(shard.comm->rank());
    const Count step = std::max<Count>(1, mine.size() / 1000);
    for (Count row = 0; row < mine.size(); row += step) {
      for (Count i = row * lists.k; i < (row + 1) * lists.k; ++i) {
        const Position neighbor = lists.neighbors[to_size(i)];
        const Count other = neighbor.value() - mine.begin.value();
        const bool is_sorted =
            i == row * lists.k || lists.distances[to_size(i - 1)] <= lists.distances[to_size(i)];
        const bool is_true =
            !mine.contains(neighbor) ||
            lists.distances[to_size(i)] ==
                distance::squared_distance(vector(shard, row), vector(shard, other));
        if (neighbor.is_none() || other == row || !is_sorted || !is_true) {
          return false;
        }
      }
    }
    return true;
  }

  void print(const Line& line) const {
    const double total_s = line.build_s + line.search_s;
    const int num_cores = comm_.size() * num_threads();
    const knn::KnnStats& stats = line.stats;
    const auto rate = [](double count, double seconds) {
      return seconds > 0 ? count / seconds : 0.0;
    };
    write(fmt::format(
        "{},{},{},{},{},{},{},{},\"{}\",{},{:.3f},{:.3f},{:.3f},{:.3f},{:.0f},{},{:.4f},{:.4f},"
        "{:.4f},{},{},{:.3f},{:.3f},{:.3f},{:.3f},{:.3f},{:.1f},{:.3f},{:.2f},{},{:.3f}\n",
        KITH_GIT_HASH, distance::target_name(), comm_.size(), num_threads(),
        options_.file.empty() ? options_.corpus : options_.file, corpus_.num_items, corpus_.dim,
        options_.k, line.run, line.repeat, line.build_s, line.search_s, total_s, line.cpu_s,
        static_cast<double>(corpus_.num_items) / total_s / num_cores, line.effort,
        line.recall.recall, line.recall.low, line.recall.high, line.memory_mib,
        line.is_right ? "yes" : "no", line.cells.train_s, line.cells.assign_s, line.cells.move_s,
        line.pilot_s, stats.scan_s, rate(stats.scan_flops, stats.scan_s) * 1e-9 / num_cores,
        stats.refine_s,
        rate(static_cast<double>(stats.refine_distances), stats.refine_s) * 1e-6 / num_cores,
        stats.ghost_bytes >> 20, stats.imbalance));
  }

  /// For people: medians, and how many times as long as the first run each took.
  void print_table(std::span<const Summary> table) const {
    if (!comm_.is_root()) {
      return;
    }
    fmt::print(stderr, "\n{:<36} {:>10} {:>10} {:>10} {:>10}\n", "run", "seconds", "recall",
               "peak MiB", "times");
    for (const Summary& line : table) {
      fmt::print(stderr, "{:<36} {:>10.2f} {:>10.4f} {:>10} {:>10.1f}\n", line.run,
                 median(line.seconds), median(line.recalls), line.peak_mib,
                 median(line.seconds) / median(table.front().seconds));
    }
  }

  void write(const std::string& text) const {
    if (comm_.is_root()) {
      std::fputs(text.c_str(), stdout);
      std::fflush(stdout);
    }
  }

  const comm::Communicator& comm_;
  const Options& options_;
  corpus::Corpus corpus_;
  corpus::Census census_;
};

int run(int argc, char** argv) {
  const auto world = comm::Communicator::duplicate(MPI_COMM_WORLD);
  const Options options = parse(argc, argv);
  const CorpusFile file{world, options};
  return Benchmark{world, options, file.path()}.run() ? 0 : 1;
}

}  // namespace
}  // namespace kith::perf

int main(int argc, char** argv) {
  const kith::comm::Environment mpi{argc, argv};
  try {
    return kith::perf::run(argc, argv);
  } catch (const std::exception& error) {  // perhaps only this rank is here
    kith::comm::abort_job(error.what());
  }
}
