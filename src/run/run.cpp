#include "kith/run/run.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <iterator>
#include <utility>

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/comm/placement.hpp"
#include "kith/comm/stop.hpp"
#include "kith/config/graph_source.hpp"
#include "kith/core/error.hpp"
#include "kith/core/log.hpp"
#include "kith/core/memory.hpp"
#include "kith/core/parallel.hpp"
#include "kith/distance/target.hpp"
#include "kith/io/files.hpp"
#include "kith/run/plan.hpp"
#include "kith/run/reference.hpp"
#include "kith/run/workspace.hpp"

#include "run/corpus_log.hpp"
#include "run/fingerprints.hpp"
#include "run/inputs.hpp"
#include "run/manifest.hpp"
#include "run/provenance.hpp"
#include "run/run_directory.hpp"

namespace kith::run {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace

const char* version() {
  return KITH_VERSION;
}

namespace {

/// Collective. Says where ranks and threads are, and opens the manifest with it.
Manifest open_manifest(const comm::Communicator& comm, const Workspace& workspace) {
  const comm::Placement placement = comm::find_placement(comm, num_threads(), blas_threads());
  log::info("{} cpu_target={}", comm::to_line(placement), distance::target_name());
  for (const std::string& warning : comm::warnings(placement)) {
    log::info("warning: {}", warning);
  }
  return Manifest::open(comm, *workspace.stages, workspace.config, describe_start(comm, placement));
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

/// Collective. What each stage reads of this corpus; the manifest remembers the hashes.
Fingerprints find_fingerprints(const Workspace& workspace, Manifest& manifest) {
  const comm::Communicator& comm = workspace.comm;
  const Inputs inputs{comm, workspace.config, workspace.corpus, workspace.reference,
                      manifest.inputs()};
  manifest.set_inputs(comm, inputs.files());
  return fingerprints(workspace, inputs);
}

/// Collective.
void run_stages(Workspace& workspace, Manifest& manifest, const std::string& last) {
  const comm::Communicator& comm = workspace.comm;
  const Fingerprints prints = find_fingerprints(workspace, manifest);
  manifest.verify(comm, prints, last);
  const auto is_done = [&](const Stage* stage) {
    return manifest.is_done(stage->name(), prints.at(stage->name()));
  };
  const auto wanted = workspace.stages->up_to(last);
  const PlanInput input = plan_input(comm, workspace.config, workspace.corpus);
  std::vector<const Stage*> waiting;
  std::copy_if(wanted.begin(), wanted.end(), std::back_inserter(waiting), std::not_fn(is_done));
  warn_of_little_space(workspace, waiting, input);
  std::vector<const Stage*> unchecked;  // later ones too: their faults are better known early
  const auto all = workspace.stages->all();
  std::copy_if(all.begin(), all.end(), std::back_inserter(unchecked), std::not_fn(is_done));
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
void require_own_directories(const comm::Communicator& comm, const StageList& stages,
                             const config::Config& config) {
  require_own_directory(comm, stages, config.run.directory);
  for (const config::GraphSource& source : config.graphs) {
    if (config::is_used(config, source)) {
      require_own_directory(comm, stages, config::config_of_graph(config, source).run.directory);
    }
  }
}

}  // namespace

void run(const comm::Communicator& comm, const StageList& stages, const config::Config& config,
         const std::string& last) {
  (void)base_memory();  // before anything is held
  require_own_directories(comm, stages, config);
  Workspace workspace = open_workspace(comm, stages, config);
  log_files(workspace.corpus);
  check_graph_inputs(comm, workspace.config, workspace.corpus);
  if (config::learns_from_reference(config)) {
    workspace.reference = describe_reference(comm, workspace.config, workspace.corpus);
  }
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

}  // namespace kith::run
