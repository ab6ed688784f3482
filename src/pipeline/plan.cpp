// kith plan: what a run will need, as a table.
#include "kith/pipeline/plan.hpp"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/core/error.hpp"
#include "kith/core/parallel.hpp"
#include "kith/io/files.hpp"

namespace kith::pipeline {
namespace {

constexpr double kCalibration_s = 10;

struct Request {
  PlanInput input;
  int nodes = 1;
};

double number_of(const std::string& key, const std::string& text) {
  std::size_t end = 0;
  double value = 0;
  try {
    value = std::stod(text, &end);
  } catch (const std::exception&) {
    end = 0;
  }
  if (end == 0 || end != text.size() || !(value >= 1) || value > 1e15) {
    fail("plan: {}={}, must be a number from 1 on", key, text);
  }
  return value;
}

void apply(const std::string& argument, Request& request) {
  const std::size_t equals = argument.find('=');
  const std::string key = argument.substr(0, equals);
  const std::string value = equals == std::string::npos ? "" : argument.substr(equals + 1);
  PlanInput& input = request.input;
  const std::map<std::string, Count*> counts{{"items", &input.items}, {"dim", &input.dim}};
  const std::map<std::string, int*> small{{"k", &input.k},
                                          {"classes", &input.classes},
                                          {"members", &input.members},
                                          {"sweeps", &input.sweeps},
                                          {"nodes", &request.nodes},
                                          {"ranks_per_node", &input.ranks_per_node},
                                          {"threads", &input.threads}};
  const std::map<std::string, Count> types{
      {"f64", 8}, {"f32", 4}, {"f16", 2}, {"u8", 1}, {"i8", 1}};
  if (const auto found = counts.find(key); found != counts.end()) {
    *found->second = static_cast<Count>(number_of(key, value));
  } else if (const auto found_small = small.find(key); found_small != small.end()) {
    *found_small->second = narrow<int>(static_cast<Count>(number_of(key, value)), key.c_str());
  } else if (key == "type") {
    if (!types.contains(value)) {
      fail("plan: type={}, must be one of: f64 | f32 | f16 | u8 | i8", value);
    }
    input.element_bytes = types.at(value);
  } else if (key == "node_memory") {
    input.node_memory = parse_bytes(value);
  } else {
    fail(
        "plan: unknown argument {}; known are items, dim, type, k, classes, members, sweeps, "
        "nodes, ranks_per_node, threads, node_memory",
        argument);
  }
}

/// Collective. From the configuration, its corpus if it names one, and the arguments.
Request read_request(const comm::Communicator& comm, const Config& config,
                     const std::vector<std::string>& arguments) {
  Request request;
  PlanInput& input = request.input;
  if (config.corpus.files.empty()) {
    input = plan_input(comm, config, {});
  } else {
    input = plan_input(comm, config, corpus::describe(comm, config.corpus));
  }
  request.nodes = std::max(1, comm.size() / input.ranks_per_node);
  input.node_memory = static_cast<Count>(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGESIZE);
  comm::locally(comm, [&] {
    for (const std::string& argument : arguments) {
      apply(argument, request);
    }
    if (input.items == 0 || input.dim == 0) {
      fail("plan: of what? say items=1e9 dim=128, or -c CONFIG.ini");
    }
  });
  input.columns = input.members * (config.ensemble.folds + 1) * (input.classes + 1);
  input.ranks = request.nodes * input.ranks_per_node;
  return request;
}

std::string human_time(double seconds) {
  if (seconds < 120) {
    return fmt::format("{:.1f} s", seconds);
  }
  return seconds < 7200 ? fmt::format("{:.1f} min", seconds / 60)
                        : fmt::format("{:.1f} h", seconds / 3600);
}

std::string write_table(const Request& request, const Rates& rates) {
  const PlanInput& input = request.input;
  const std::vector<StagePlan> stages = plan_stages(input, rates);
  std::string text = fmt::format(
      "{} items x {} on {} nodes x {} ranks x {} threads; k {}, {} classes, {} members, {} label "
      "columns, {} sweeps\n\n{:<10} {:>14} {:>12} {:>12} {:>10}\n",
      input.items, input.dim, request.nodes, input.ranks_per_node, input.threads, input.k,
      input.classes, input.members, input.columns, input.sweeps, "stage", "memory a rank", "disk",
      "wire", "time");
  StagePlan total{"all", 0, 0, 0, 0};
  const auto line = [&](const StagePlan& stage) {
    text += fmt::format("{:<10} {:>14} {:>12} {:>12} {:>10}\n", stage.stage,
                        io::format_bytes(stage.memory_bytes), io::format_bytes(stage.disk_bytes),
                        io::format_bytes(stage.wire_bytes), human_time(stage.seconds));
  };
  for (const StagePlan& stage : stages) {
    line(stage);
    total.memory_bytes = std::max(total.memory_bytes, stage.memory_bytes);
    total.disk_bytes += stage.disk_bytes;
    total.wire_bytes += stage.wire_bytes;
    total.seconds += stage.seconds;
  }
  line(total);
  text += fmt::format(
      "\nmeasured here, for a rank of that many threads: scan {:.1f} GFlop/s, direct {:.1f} "
      "GFlop/s, memory {:.1f} GB/s, "
      "read {:.1f} GB/s, exchange {:.2f} GB/s, allreduce {:.0f} us\n",
      rates.scan_flops * 1e-9, rates.direct_flops * 1e-9, rates.memory_bytes * 1e-9,
      rates.read_bytes * 1e-9, rates.exchange_bytes * 1e-9, rates.allreduce_s * 1e6);
  int fewest = smallest_nodes(input, rates);
  if (fewest > request.nodes && input.memory_per_rank == 0) {
    PlanInput bounded = input;  // label columns in passes, the graph in waves
    bounded.memory_per_rank = input.node_memory / input.ranks_per_node * 4 / 5;
    if (const int fewer = smallest_nodes(bounded, rates); fewer > 0 && fewer < fewest) {
      text += fmt::format("with run.memory_per_rank = {}MiB {} nodes are enough instead of {}\n",
                          bounded.memory_per_rank >> 20, fewer, fewest);
      fewest = fewer;
    }
  }
  text += fewest > 0 ? fmt::format("fits from {} nodes of {} on\n", fewest,
                                   io::format_bytes(input.node_memory))
                     : fmt::format(
                           "does not fit into nodes of {} on any number: fewer ranks a "
                           "node, or run.memory_per_rank\n",
                           io::format_bytes(input.node_memory));
  const int nodes = std::max(fewest, request.nodes);
  const int hours = std::max(1, static_cast<int>(std::ceil(2 * total.seconds / 3600)));
  text += fmt::format(
      "sbatch --nodes={} --ntasks-per-node={} --cpus-per-task={} --time={}:00:00 "
      "jobs/slurm/label.sbatch CONFIG.ini\n",
      nodes, input.ranks_per_node, input.threads, hours);
  return text;
}

}  // namespace

PlanInput plan_input(const comm::Communicator& comm, const Config& config,
                     const corpus::Corpus& corpus) {
  PlanInput input;
  input.items = corpus.num_items;
  input.dim = corpus.dim;
  input.element_bytes = io::element_bytes(corpus.type);
  input.classes = std::max(2, corpus.num_classes());
  input.k = config.knn.k;
  input.members = std::max(1, static_cast<int>(config.ensemble.members.size()));
  input.columns = input.members * (config.ensemble.folds + 1) * (input.classes + 1);
  input.probes = config.cells.probes;
  input.num_cells = config.cells.num_cells;
  input.searched_cells =
      config.effort.probes > 0 ? config.effort.probes : std::max(1, config.cells.probes / 2);
  input.refine_rounds = std::max(1, config.effort.refine_rounds);
  input.memory_per_rank = parse_bytes(config.run.memory_per_rank);
  input.threads = num_threads();
  input.ranks_per_node = comm::ranks_on_node(comm);
  input.ranks = comm.size();
  return input;
}

std::string plan(const comm::Communicator& comm, const Config& config,
                 const std::vector<std::string>& arguments) {
  (void)base_memory();
  const Request request = read_request(comm, config, arguments);
  const std::string file = config.corpus.files.empty() ? "" : config.corpus.files.front();
  Rates rates = calibrate(comm, request.input, file, kCalibration_s);
  const double more_threads = static_cast<double>(request.input.threads) / num_threads();
  rates.scan_flops *= more_threads;
  rates.direct_flops *= more_threads;
  rates.memory_bytes *= more_threads;
  return write_table(request, rates);
}

}  // namespace kith::pipeline
