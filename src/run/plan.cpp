// kith plan: what a run will need, as a table.
#include "kith/run/plan.hpp"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <type_traits>
#include <utility>

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/config/graph_source.hpp"
#include "kith/core/numbers.hpp"
#include "kith/core/parallel.hpp"
#include "kith/io/files.hpp"
#include "kith/run/stage.hpp"

namespace kith::run {
namespace {

constexpr double kMeasuring_s = 10;

struct Request {
  PlanInput input;
  int nodes = 1;
  int members = 0;          // 0 = those of the configuration
  int sweeps = 0;           // 0 = as each member says
  double network_gbit = 0;  // a second and node; 0 = as measured, or assumed where it cannot be
  double storage_gb = 0;    // a second, of all nodes; the same
  bool is_assumed = false;  // what the rates of network and storage are
};

/// A whole number in a range; "1e9" is one.
double whole_number(const std::string& key, const std::string& text, double high) {
  const NumberRange<double> range{1, high};
  const auto value = parse_number<double>(text);
  if (!value || !range.contains(*value) || *value != std::floor(*value)) {
    fail("plan: {}={}, must be a whole number in {}", key, text, range.text());
  }
  return *value;
}

/// An argument that is a number, and its largest value.
template <class Number>
struct Argument {
  Number* field;
  double high;
};

/// The ranges keep all products of counts below 2^63.
bool apply_number(const std::string& key, const std::string& text, Request& request) {
  PlanInput& input = request.input;
  const std::map<std::string, Argument<Count>> counts{{"items", {&input.items, 1e11}},
                                                      {"dim", {&input.dim, 65536}}};
  const std::map<std::string, Argument<int>> small{
      {"k", {&input.k, 1024}},
      {"classes", {&input.classes, 1e6}},
      {"members", {&request.members, 64}},
      {"sweeps", {&request.sweeps, 100000}},
      {"nodes", {&request.nodes, 100000}},
      {"ranks_per_node", {&input.ranks_per_node, 1024}},
      {"threads", {&input.threads, 4096}}};
  const std::map<std::string, Argument<double>> rates{{"network", {&request.network_gbit, 1e6}},
                                                      {"storage", {&request.storage_gb, 1e6}}};
  const auto set = [&](const auto& arguments) {
    const auto found = arguments.find(key);
    if (found != arguments.end()) {
      using Number = std::remove_reference_t<decltype(*found->second.field)>;
      *found->second.field = static_cast<Number>(whole_number(key, text, found->second.high));
    }
    return found != arguments.end();
  };
  return set(counts) || set(small) || set(rates);
}

void apply(const std::string& argument, Request& request) {
  const std::size_t equals = argument.find('=');
  const std::string key = argument.substr(0, equals);
  const std::string value = equals == std::string::npos ? "" : argument.substr(equals + 1);
  const std::map<std::string, Count> types{
      {"f64", 8}, {"f32", 4}, {"f16", 2}, {"u8", 1}, {"i8", 1}};
  if (apply_number(key, value, request)) {
    return;
  }
  if (key == "type") {
    if (!types.contains(value)) {
      fail("plan: type={}, must be one of: f64 | f32 | f16 | u8 | i8", value);
    }
    request.input.element_bytes = types.at(value);
  } else if (key == "node_memory") {
    try {
      request.input.node_memory = config::parse_bytes(value);
    } catch (const Error&) {
      fail("plan: node_memory={}, must be in {}", value, config::bytes_range());
    }
  } else {
    fail(
        "plan: unknown argument {}; known are items, dim, type, k, classes, members, sweeps, "
        "nodes, ranks_per_node, threads, node_memory, network (Gbit/s a node), storage (GB/s)",
        argument);
  }
}

/// Collective. From the configuration, its corpus if it names one, and the arguments.
Request read_request(const comm::Communicator& comm, const config::Config& config,
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
    if (input.k >= input.items) {
      fail("plan: k={}, must be below items={}", input.k, input.items);
    }
  });
  comm::locally(comm, [&] {
    ensemble::EnsembleConfig fitted = config.ensemble;
    (void)ensemble::fit_to_classes(fitted, input.classes);
    input.members = fitted.members;
  });
  if (request.members > 0) {
    const std::vector<ensemble::MemberConfig> known = std::exchange(input.members, {});
    for (int i = 0; i < request.members; ++i) {
      input.members.push_back(known[to_size(i) % known.size()]);
    }
  }
  for (ensemble::MemberConfig& member : input.members) {
    member.solver.max_sweeps = request.sweeps > 0 ? request.sweeps : member.solver.max_sweeps;
  }
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

/// What fits on so many nodes: as it is or, if nobody bounds memory, with a bound that makes passes
/// over label columns and waves over cells.
struct Fit {
  PlanInput input;
  int fewest_nodes = 0;  // 0 = none
};

bool fits(const PlanInput& input, const std::vector<StagePlan>& stages) {
  return std::all_of(stages.begin(), stages.end(), [&](const StagePlan& stage) {
    return stage.memory_bytes * input.ranks_per_node <= input.node_memory;
  });
}

Fit find_fit(const StageList& stages, const PlanInput& input, const Rates& rates) {
  Fit fit{input, smallest_nodes(stages, input, rates)};
  if (input.memory_per_rank > 0 || fits(input, plan_stages(stages, input, rates))) {
    return fit;
  }
  PlanInput bounded = input;
  bounded.memory_per_rank = input.node_memory / input.ranks_per_node * 4 / 5;
  const int fewer = smallest_nodes(stages, bounded, rates);
  return fewer > 0 && (fit.fewest_nodes == 0 || fewer < fit.fewest_nodes) ? Fit{bounded, fewer}
                                                                          : fit;
}

StagePlan total_of(const std::vector<StagePlan>& stages) {
  StagePlan total{"all", 0, 0, 0, 0};
  for (const StagePlan& stage : stages) {
    total.memory_bytes = std::max(total.memory_bytes, stage.memory_bytes);
    total.disk_bytes += stage.disk_bytes;
    total.wire_bytes += stage.wire_bytes;
    total.seconds += stage.seconds;
  }
  return total;
}

std::string write_stages(const Request& request, const PlanInput& input,
                         std::vector<StagePlan> stages) {
  std::string text = fmt::format(
      "{} items x {} on {} nodes x {} ranks x {} threads; k {}, {} classes, {} members, {} label "
      "columns\n\n{:<11} {:>13} {:>12} {:>12} {:>10}\n",
      input.items, input.dim, request.nodes, input.ranks_per_node, input.threads, input.k,
      input.classes, input.members.size(), label_columns(input), "stage", "memory a rank", "disk",
      "wire", "time");
  stages.push_back(total_of(stages));
  for (const StagePlan& stage : stages) {
    text += fmt::format("{:<11} {:>13} {:>12} {:>12} {:>10}\n", stage.stage,
                        io::format_bytes(stage.memory_bytes), io::format_bytes(stage.disk_bytes),
                        io::format_bytes(stage.wire_bytes), human_time(stage.seconds));
  }
  return text;
}

std::string write_rates(const Request& request, const Rates& rates) {
  std::string text = fmt::format(
      "\nmeasured here, for a rank of that many threads: scan {:.1f} GFlop/s, direct {:.1f} "
      "GFlop/s, memory {:.1f} GB/s, sweeps {:.3g} label columns of a node a second\n",
      rates.scan_flops * 1e-9, rates.direct_flops * 1e-9, rates.memory_bytes * 1e-9, rates.entries);
  text +=
      fmt::format("{}: read {:.2f} GB/s a rank, exchange {:.2f} GB/s a rank, allreduce {:.0f} us\n",
                  request.is_assumed ? "network and storage are assumed (network=, storage=)"
                                     : "measured between ranks and from storage",
                  rates.read_bytes * 1e-9, rates.exchange_bytes * 1e-9, rates.allreduce_s * 1e6);
  return text;
}

std::string write_plan(const StageList& list, const Request& request, const Rates& rates) {
  const auto [input, fewest] = find_fit(list, request.input, rates);
  const std::vector<StagePlan> stages = plan_stages(list, input, rates);
  const bool is_bounded = input.memory_per_rank > request.input.memory_per_rank;
  std::string text = write_stages(request, input, stages) + write_rates(request, rates);
  if (is_bounded) {
    text += fmt::format(
        "without a bound a rank would take {}: the table is with run.memory_per_rank = {}MiB\n",
        io::format_bytes(total_of(plan_stages(list, request.input, rates)).memory_bytes),
        input.memory_per_rank >> 20);
  }
  if (input.ranks > 1) {
    PlanInput scattered = input;
    scattered.is_scattered = true;
    text += fmt::format(
        "where neighbors may be anywhere, as among points without clusters, a rank takes up to "
        "{}\n",
        io::format_bytes(total_of(plan_stages(list, scattered, rates)).memory_bytes));
  }
  const std::string size = io::format_bytes(input.node_memory);
  text +=
      fits(input, stages) ? fmt::format("fits from {} nodes of {} on\n", fewest, size)
      : fewest > 0
          ? fmt::format("does not fit on {} nodes of {}; fits from {} nodes on\n", request.nodes,
                        size, fewest)
          : fmt::format("does not fit into nodes of {} on any number: fewer ranks a node\n", size);
  if (fewest == 0) {
    return text;
  }
  PlanInput asked = input;  // on as many nodes as it takes
  const int nodes = std::max(fewest, request.nodes);
  asked.ranks = nodes * input.ranks_per_node;
  const StagePlan total = total_of(plan_stages(list, asked, rates));
  const double node_bytes = static_cast<double>(total.memory_bytes) * input.ranks_per_node;
  const double asked_gib =
      std::min(1.15 * node_bytes, static_cast<double>(input.node_memory)) / (1 << 30);
  const int hours = std::max(1, static_cast<int>(std::ceil(2 * total.seconds / 3600)));
  text += fmt::format(
      "sbatch --nodes={} --ntasks-per-node={} --cpus-per-task={} --time={}:00:00 --mem={:.0f}G "
      "jobs/slurm/label.sbatch CONFIG.ini{}\n",
      nodes, input.ranks_per_node, input.threads, hours, std::ceil(asked_gib),
      is_bounded ? fmt::format(" --run.memory_per_rank {}MiB", input.memory_per_rank >> 20) : "");
  return text;
}

/// Rates of the machine that is planned for: other threads than here, and a network and a file
/// system that one node cannot measure.
Rates planned_rates(const Rates& measured, const comm::Communicator& comm, Request& request) {
  constexpr double kNetwork_gbit = 100;  // of a node
  constexpr double kStorage_gb = 20;     // of all nodes together
  constexpr double kHop_s = 2e-6;
  Rates rates = measured;
  const double more_threads = static_cast<double>(request.input.threads) / num_threads();
  for (double* rate : {&rates.scan_flops, &rates.direct_flops, &rates.memory_bytes, &rates.entries,
                       &rates.solver_entries}) {
    *rate *= more_threads;
  }
  const bool is_one_node = comm::ranks_on_node(comm) == comm.size();
  request.is_assumed =
      request.network_gbit > 0 || request.storage_gb > 0 || (is_one_node && request.nodes > 1);
  if (request.is_assumed) {
    const double network = request.network_gbit > 0 ? request.network_gbit : kNetwork_gbit;
    const double storage = request.storage_gb > 0 ? request.storage_gb : kStorage_gb;
    rates.exchange_bytes =
        std::min(rates.exchange_bytes, network / 8 * 1e9 / request.input.ranks_per_node);
    rates.read_bytes = std::min(rates.read_bytes, storage * 1e9 / request.input.ranks);
    rates.allreduce_s =
        std::max(rates.allreduce_s, 2 * kHop_s * std::log2(request.input.ranks + 1));
  }
  return rates;
}

}  // namespace

PlanInput plan_input(const comm::Communicator& comm, const config::Config& config,
                     const corpus::Corpus& corpus) {
  PlanInput input;
  input.items = corpus.num_items;
  input.dim = corpus.dim;
  input.element_bytes = io::element_bytes(corpus.type);
  input.classes = corpus.num_items > 0 ? std::max(2, corpus.num_classes()) : input.classes;
  input.k = config.knn.k;
  input.is_cosine = config.corpus.metric == corpus::Metric::cosine;
  input.members = config.ensemble.members;
  input.top_labels = config.ensemble.top_labels;
  input.folds = config.ensemble.folds;
  if (corpus.num_items > 0 && !config.corpus.has_seeds()) {
    input.folds = 0;
  }
  if (config::learns_from_votes(config)) {
    input.teaching_voters = static_cast<int>(corpus.vote_names.size());
    std::error_code none;
    const auto bytes = std::filesystem::file_size(config.corpus.answers, none);
    input.answer_bytes = none ? 0 : static_cast<Count>(bytes);
    input.weak_seeds = std::min(config.votes.weak_seeds, corpus.num_items);
  }
  input.reference_items = config::learns_from_reference(config) ? config.reference.items : 0;
  input.num_cells = config.cells.num_cells;
  input.sample_per_cell = config.cells.sample_per_cell;
  constexpr int kUsualProbes = 6;  // that a pilot chooses
  input.searched_cells = config.effort.probes > 0 ? config.effort.probes : kUsualProbes;
  input.refine_rounds = config.effort.refine_rounds >= 0 ? config.effort.refine_rounds : 1;
  input.memory_per_rank = config::parse_bytes(config.run.memory_per_rank);
  input.threads = num_threads();
  input.ranks_per_node = comm::ranks_on_node(comm);
  input.ranks = comm.size();
  return input;
}

std::string plan(const comm::Communicator& comm, const StageList& stages,
                 const config::Config& config, const std::vector<std::string>& arguments) {
  (void)base_memory();
  Request request = read_request(comm, config, arguments);
  const std::string file = config.corpus.files.empty() ? "" : config.corpus.files.front();
  const Rates measured = measure_rates(comm, request.input, file, kMeasuring_s);
  const Rates rates = planned_rates(measured, comm, request);
  std::string text = write_plan(stages, request, rates);
  for (const config::GraphSource& source : config.graphs) {
    if (config::is_used(config, source)) {
      text += fmt::format(
          "graph {} is built besides, before members run: kith plan --corpus.embeddings {} has the "
          "stages up to graph\n",
          source.name, source.dataset);
    }
  }
  return text;
}

}  // namespace kith::run
