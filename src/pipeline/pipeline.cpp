#include "kith/pipeline/pipeline.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <iterator>
#include <utility>

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/comm/placement.hpp"
#include "kith/comm/stop.hpp"
#include "kith/core/error.hpp"
#include "kith/core/log.hpp"
#include "kith/core/memory.hpp"
#include "kith/core/parallel.hpp"
#include "kith/distance/target.hpp"
#include "kith/io/files.hpp"
#include "kith/pipeline/plan.hpp"
#include "kith/qa/accuracy.hpp"

#include "pipeline/corpus_log.hpp"
#include "pipeline/fingerprints.hpp"
#include "pipeline/inputs.hpp"
#include "pipeline/manifest.hpp"
#include "pipeline/other_graph.hpp"
#include "pipeline/provenance.hpp"
#include "pipeline/run_audit.hpp"
#include "pipeline/run_directory.hpp"
#include "pipeline/stage.hpp"
#include "pipeline/stages.hpp"
#include "pipeline/workspace.hpp"

namespace kith::pipeline {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Collective. What every stage needs of the corpus, short of its vectors.
Workspace open_workspace(const comm::Communicator& comm, const config::Config& config) {
  Workspace workspace{comm, config};
  workspace.memory_bytes = config::parse_bytes(config.run.memory_per_rank);
  workspace.corpus = corpus::describe(comm, config.corpus);
  const bool replaced = comm::locally(comm, [&] {
    if (workspace.num_classes() > qa::kTableClasses &&
        qa::needs_class_tables(workspace.config.qa.seed_filter)) {
      fail(
          "qa.seed_filter needs a table of {} x {} classes, which is made for up to {}: use "
          "likely_wrong or predicted_neq_given",
          workspace.num_classes(), workspace.num_classes(), qa::kTableClasses);
    }
    return ensemble::fit_to_classes(workspace.config.ensemble, workspace.num_classes());
  });
  if (replaced) {
    std::vector<std::string> names;
    for (const ensemble::MemberConfig& member : workspace.config.ensemble.members) {
      names.push_back(member.name);
    }
    log::info("classes={} top_labels={} members={}", workspace.num_classes(),
              ensemble::labels_kept(workspace.config.ensemble, workspace.num_classes()),
              fmt::join(names, ","));
  }
  return workspace;
}

/// Collective. Seeds and a reader that keeps the rank's raw rows, so that they are read once.
void open_corpus(Workspace& workspace) {
  const IdRange<GlobalId> block =
      corpus::rows_of(workspace.corpus.num_items, workspace.comm.rank(), workspace.comm.size());
  constexpr Count kReaderCacheBytes = Count{1} << 30;
  const Count budget = workspace.memory_bytes > 0 ? workspace.memory_bytes / 4 : kReaderCacheBytes;
  workspace.seeds = corpus::read_seeds(workspace.comm, workspace.corpus, workspace.config.corpus);
  workspace.reader.emplace(workspace.corpus, block, budget);
}

}  // namespace

const char* version() {
  return KITH_VERSION;
}

std::vector<std::string> stage_names() {
  std::vector<std::string> names;
  for (const Stage* stage : stages()) {
    names.push_back(stage->name());
  }
  return names;
}

namespace {

/// Collective. Says where ranks and threads are, and opens the manifest with it.
Manifest open_manifest(const comm::Communicator& comm, const Workspace& workspace) {
  const comm::Placement placement = comm::find_placement(comm, num_threads(), blas_threads());
  log::info("{} cpu_target={}", comm::to_line(placement), distance::target_name());
  for (const std::string& warning : comm::warnings(placement)) {
    log::info("warning: {}", warning);
  }
  return Manifest::open(comm, workspace.config, describe_start(comm, placement));
}

/// Collective. What a stage has cost since `start`.
StageCost cost_since(const comm::Communicator& comm, Clock::time_point start,
                     const ByteCounts& before) {
  const ByteCounts now = bytes_moved();
  StageCost cost;
  cost.seconds = comm::max_over_ranks(comm, seconds_since(start));
  cost.peak_rss_bytes = comm::max_over_ranks(comm, peak_resident_bytes());
  cost.bytes_read = comm::sum_over_ranks(comm, now.read - before.read);
  cost.bytes_written = comm::sum_over_ranks(comm, now.written - before.written);
  cost.ranks = comm.size();
  cost.threads = num_threads();
  return cost;
}

/// Collective. Says so early if the file system has less room than these stages will leave.
void warn_of_little_space(const Workspace& workspace, std::span<const Stage* const> waiting,
                          const PlanInput& input) {
  Count wanted = 0;
  for (const Stage* stage : waiting) {
    wanted += stage->plan(input, Rates{1, 1, 1, 1, 1, 1, 1, 1}).disk_bytes;
  }
  comm::on_root(workspace.comm, [&] {
    const Count free = io::free_bytes(workspace.config.run.directory);
    if (free < wanted) {
      log::info("warning: {} has {} free; the stages to come leave about {}",
                workspace.config.run.directory, io::format_bytes(free), io::format_bytes(wanted));
    }
  });
}

/// Collective.
void do_and_record(const Stage& stage, const Fingerprint& print, Count planned_bytes,
                   Workspace& workspace, Manifest& manifest) {
  const comm::Communicator& comm = workspace.comm;
  comm::stop_if_asked(comm);
  stage.prepare(workspace);
  manifest.begin(comm, stage.name(), print);
  const Clock::time_point start = Clock::now();
  const ByteCounts before = bytes_moved();
  // A snapshot goes on only with the very files that it was made from.
  workspace.fingerprint = digest(print.digest + manifest.earlier_files(stage.name()));
  release_free_memory();
  begin_peak();
  stage.run(workspace);
  StageCost cost = cost_since(comm, start, before);
  cost.planned_rss_bytes = planned_bytes;
  manifest.record(comm, stage.name(), print, cost);
  log::info("stage={} state=done seconds={:.2f} peak_rss_mib={} planned_rss_mib={}", stage.name(),
            cost.seconds, cost.peak_rss_bytes >> 20, cost.planned_rss_bytes >> 20);
}

/// The stages up to and with `last`.
std::span<const Stage* const> stages_up_to(const std::string& last) {
  const auto all = stages();
  const auto found = std::find(all.begin(), all.end(), find_stage(last));
  return all.first(static_cast<std::size_t>(found - all.begin()) + 1);
}

/// Collective. What each stage reads of this corpus; the manifest remembers the hashes.
Fingerprints find_fingerprints(const Workspace& workspace, Manifest& manifest) {
  const comm::Communicator& comm = workspace.comm;
  const Inputs inputs{comm, workspace.config, workspace.corpus, manifest.inputs()};
  manifest.set_inputs(comm, inputs.files());
  const auto answers = read_audit(comm, workspace.config, workspace.corpus);
  return fingerprints(workspace.config, inputs, digest(answers ? review::to_json(*answers) : ""));
}

/// Collective.
void run_stages(Workspace& workspace, Manifest& manifest, const std::string& last) {
  const comm::Communicator& comm = workspace.comm;
  const Fingerprints prints = find_fingerprints(workspace, manifest);
  manifest.verify(comm, prints, last);
  const auto is_done = [&](const Stage* stage) {
    return manifest.is_done(stage->name(), prints.at(stage->name()));
  };
  const auto wanted = stages_up_to(last);
  const PlanInput input = plan_input(comm, workspace.config, workspace.corpus);
  std::vector<const Stage*> waiting;
  std::copy_if(wanted.begin(), wanted.end(), std::back_inserter(waiting), std::not_fn(is_done));
  warn_of_little_space(workspace, waiting, input);
  std::vector<const Stage*> unchecked;  // later ones too: their faults are better known early
  std::copy_if(stages().begin(), stages().end(), std::back_inserter(unchecked),
               std::not_fn(is_done));
  for (const Stage* stage : unchecked) {
    stage->check(workspace);
  }
  bool is_open = false;
  for (const Stage* stage : wanted) {
    if (is_done(stage)) {
      log::info("stage={} state=done_before", stage->name());
      stage->report_again(workspace);
    } else {
      if (!std::exchange(is_open, true)) {
        open_corpus(workspace);
      }
      const Count planned = stage->plan(input, Rates{1, 1, 1, 1, 1, 1, 1, 1}).memory_bytes;
      do_and_record(*stage, prints.at(stage->name()), planned, workspace, manifest);
    }
    if (stage == wanted.front()) {  // the corpus is counted
      for (const Stage* later : unchecked) {
        later->check_counts(workspace);
      }
    }
  }
}

/// Collective. Before the first file is read: what this run would write over is its own.
void require_own_directories(const comm::Communicator& comm, const config::Config& config) {
  require_own_directory(comm, config.run.directory);
  for (const config::GraphSource& source : config.graphs) {
    if (is_used(config, source)) {
      require_own_directory(comm, config_of(config, source).run.directory);
    }
  }
}

}  // namespace

void run(const comm::Communicator& comm, const config::Config& config, const std::string& last) {
  (void)base_memory();  // before anything is held
  require_own_directories(comm, config);
  Workspace workspace = open_workspace(comm, config);
  log_files(workspace.corpus);
  check_other_graphs(workspace);
  Manifest manifest = open_manifest(comm, workspace);
  try {
    run_stages(workspace, manifest, last);
  } catch (const comm::Stopped&) {
    manifest.finish(comm, "stopped");
    throw;
  } catch (const comm::CollectiveError& error) {
    manifest.finish(comm, fmt::format("failed: {}", error.what()));
    throw;
  }
  manifest.finish(comm, "done");
}

void export_graph(const comm::Communicator& comm, const config::Config& config,
                  const std::string& path) {
  comm::on_root(comm, [&] { io::require_new_file(path); });
  run(comm, config, "graph");
  Workspace workspace = open_workspace(comm, config);
  open_corpus(workspace);
  write_graph(workspace, path);
}

}  // namespace kith::pipeline
