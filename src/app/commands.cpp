#include "app/commands.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <system_error>
#include <vector>

#include <omp.h>

#include "kith/comm/agree.hpp"
#include "kith/comm/launcher.hpp"
#include "kith/core/error.hpp"
#include "kith/core/log.hpp"
#include "kith/core/parallel.hpp"
#include "kith/distance/target.hpp"
#include "kith/io/files.hpp"
#include "kith/run/command.hpp"
#include "kith/run/plan.hpp"
#include "kith/run/run.hpp"
#include "kith/stages/stages.hpp"

namespace kith::app {
namespace {

using run::Command;

constexpr const char* kUsage =
    R"(kith: labels a corpus of embedding vectors from a few labeled ones, on any number of ranks.

  mpirun -n 4 kith run -c CONFIG.ini [--knn.k 15 ...]

  run        the whole pipeline; goes on where an earlier run stopped
  check | cells | knn | graph | label_model | reference | heads | propagate | ensemble | qa
             the pipeline up to this stage
  export --graph OUT.h5
             the graph of a run in corpus order
  review export --audit N --file OUT.csv
             draws N items, stratified, to have labeled by people
  review export --queue N [--strategy coverage|margin|...] --file OUT.csv|OUT.json|OUT.html
             asks people about the N items whose labels tell most: a table, tasks for Label Studio,
             or a page to label in; corpus.reviews keeps what was asked
  review import --file FILLED.csv|SAVED.json [--annotator NAME]
             takes their labels: of an audit the report then states the accuracy from them, of a
             queue the next run learns from them
  votes [--gold FILE] [--json OUT.json] [--labels OUT.csv]
             what the voters of corpus.votes or corpus.answers do, and the labels that a label model
             makes of their votes: coverage, conflict, accuracy; without a graph, in seconds
  eval --gold FILE
             accuracy of a run against known labels, in the form of corpus.seeds
  replay RUN/manifest.json [--run.directory NEW]
             does a run again and compares every result with the hashes of its manifest
  plan [items=1e9 dim=128 type=f32 k=10 classes=100 members=7 nodes=32 ranks_per_node=8 threads=4
        node_memory=256GiB network=100 storage=20] [-c CONFIG.ini]
             memory, disk, messages and time of each stage, from ten seconds of measuring here
  config [KEY]
             prints the configuration as parsed, as an INI file has it; or the value of one key
  version    prints the version and the instruction sets that can be used here, best first
  help       prints this and all keys

Keys stand in the INI file as [section] name = value and on the command line as --section.name value;
the command line wins. KITH_TARGET in the environment chooses the instruction set. SIGTERM or SIGUSR1
to any rank: all finish their unit of work, save it and leave; the same command goes on from there.
Exit status: 0 done, 1 error, 2 abort, 75 stopped.

)";

/// Collective. Throws CollectiveError if the text cannot be written.
void print_on_root(const comm::Communicator& world, const std::string& text) {
  comm::on_root(world, [&] {
    if (std::fputs(text.c_str(), stdout) < 0 || std::fflush(stdout) != 0) {
      fail("standard output: {}", std::generic_category().message(errno));
    }
  });
}

/// Collective. Fails at once if the environment asks for an instruction set that is not there.
void announce(const comm::Communicator& world, const Command& command) {
  comm::locally(world, [] { static_cast<void>(distance::target_name()); });
  log::info("kith={} command={} ranks={} threads={} directory={}", run::version(), command.name,
            world.size(), num_threads(), command.config.run.directory);
}

/// Collective. Threads as asked, or as OMP_NUM_THREADS says, or this rank's share of the node's
/// cores. Never more than one a core, or kFewCores: they would wait for each other, and OpenBLAS
/// crashes when thousands call it at once.
void choose_threads(const comm::Communicator& world, int asked) {
  constexpr int kFewCores = 64;
  const int on_node = comm::ranks_on_node(world);
  const int most = std::max(kFewCores, omp_get_num_procs());
  int threads = asked;
  if (asked == 0) {
    const bool is_in_environment = std::getenv("OMP_NUM_THREADS") != nullptr;
    threads = is_in_environment ? num_threads() : std::max(1, num_threads() / on_node);
  }
  set_num_threads(std::min(threads, most));
  if (threads > most) {
    log::info("warning: a rank takes {} threads, not {}: one a core, or {} where there are fewer",
              most, threads, kFewCores);
  }
}

/// Collective.
std::string config_text(const comm::Communicator& world, const Command& command) {
  return comm::locally(world, [&] {
    return command.arguments.empty()
               ? config::to_text(command.config)
               : config::value_text(command.config, command.arguments.front()) + "\n";
  });
}

void run_review(const comm::Communicator& world, const Command& command) {
  const std::string action = command.arguments.size() == 1 ? command.arguments.front() : "";
  if (action != "export" && action != "import") {
    throw comm::CollectiveError{"review: export or import? say kith review export --queue N"};
  }
  if (command.file_path.empty()) {
    throw comm::CollectiveError{fmt::format("review {}: which list? say --file LIST.csv", action)};
  }
  const bool is_export = action == "export";
  if (is_export && (command.audit_items == 0) == (command.queue_items == 0)) {
    throw comm::CollectiveError{"review export: how many items? say --audit N or --queue N"};
  }
  if (!command.strategy.empty() && command.queue_items == 0) {
    throw comm::CollectiveError{"review: --strategy belongs to --queue N"};
  }
  if (!command.annotator.empty() && is_export) {
    throw comm::CollectiveError{"review: --annotator belongs to kith review import"};
  }
  announce(world, command);
  const config::Config& config = command.config;
  const std::string& path = command.file_path;
  std::string said;
  if (command.audit_items > 0) {
    said = stages::export_audit(world, config, command.audit_items, path);
  } else if (is_export) {
    said = stages::export_queue(world, config, {command.queue_items, command.strategy}, path);
  } else {
    said = stages::import_review(world, config, path, command.annotator);
  }
  print_on_root(world, said);
}

void run_command(const comm::Communicator& world, const Command& command) {
  if (command.name == "export") {
    if (command.export_path.empty()) {
      throw comm::CollectiveError{"export: where to? say --graph OUT.h5"};
    }
    stages::export_graph(world, command.config, command.export_path);
    return;
  }
  if (command.name == "review") {
    run_review(world, command);
    return;
  }
  if (command.name == "eval") {
    if (command.gold_path.empty()) {
      throw comm::CollectiveError{"eval: against what? say --gold FILE"};
    }
    print_on_root(world, stages::evaluate(world, command.config, command.gold_path));
    return;
  }
  if (command.name == "votes") {
    announce(world, command);
    print_on_root(
        world, stages::describe_votes(world, command.config,
                                      {command.gold_path, command.json_path, command.labels_path}));
    return;
  }
  if (command.name == "plan") {
    print_on_root(world, run::plan(world, stages::all(), command.config, command.arguments));
    return;
  }
  if (command.name == "replay") {
    announce(world, command);
    if (!run::replay(world, stages::all(), command.config, command.arguments.front())) {
      throw comm::CollectiveError{fmt::format("replay: {} has other results than {}",
                                              command.config.run.directory,
                                              command.arguments.front())};
    }
    print_on_root(world, "every result is equal\n");
    return;
  }
  const std::vector<std::string> names = stages::all().names();
  const std::string last = command.name == "run" ? names.back() : command.name;
  if (std::find(names.begin(), names.end(), last) == names.end()) {
    throw comm::CollectiveError{
        fmt::format("unknown subcommand {}; kith help lists them", command.name)};
  }
  announce(world, command);
  run::run(world, stages::all(), command.config, last);
  if (last == names.back()) {
    const std::string summary = stages::summary(world, command.config);
    if (world.is_root()) {  // the results lie in files: whether this can be written ends no run
      static_cast<void>(std::fputs(summary.c_str(), stdout));
    }
  }
}

}  // namespace

int dispatch(const comm::Communicator& world, int argc, char** argv) {
  io::ignore_file_size_signal();
  const Command command = run::parse_command_line(world, stages::all(), argc, argv);
  if (command.name == "help") {
    print_on_root(world, kUsage + config::help_text());
    return 0;
  }
  if (command.name == "version") {
    print_on_root(world, fmt::format("kith {}\ninstruction sets {}\n", run::version(),
                                     fmt::join(distance::available_targets(), ", ")));
    return 0;
  }
  if (command.name == "config") {
    print_on_root(world, config_text(world, command));
    return 0;
  }
  const auto copies =
      comm::find_lonely_copies(world.size(), [](const char* name) { return std::getenv(name); });
  if (copies && command.name != "plan") {  // a plan of one rank is right in any of them
    if (copies->is_first) {
      log::error(copies->sentence);
    }
    return 1;
  }
  choose_threads(world, command.config.run.threads);
  run_command(world, command);
  return 0;
}

}  // namespace kith::app
