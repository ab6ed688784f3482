#include "kith/pipeline/pipeline.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <sstream>
#include <utility>

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/comm/placement.hpp"
#include "kith/comm/stop.hpp"
#include "kith/core/error.hpp"
#include "kith/core/log.hpp"
#include "kith/core/memory.hpp"
#include "kith/core/parallel.hpp"
#include "kith/core/random.hpp"
#include "kith/distance/target.hpp"
#include "kith/io/files.hpp"
#include "kith/knn/faiss_trial.hpp"
#include "kith/pipeline/plan.hpp"
#include "kith/qa/accuracy.hpp"

#include "pipeline/corpus_log.hpp"
#include "pipeline/manifest.hpp"
#include "pipeline/other_graph.hpp"
#include "pipeline/provenance.hpp"
#include "pipeline/run_audit.hpp"
#include "pipeline/run_directory.hpp"
#include "pipeline/stages.hpp"
#include "pipeline/workspace.hpp"

namespace kith::pipeline {
namespace {

using Clock = std::chrono::steady_clock;
using Fingerprints = std::array<std::string, kNumStages>;

// Raised when what a stage leaves changes its meaning: older run directories are then redone.
constexpr int kFormat = 5;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::string digest(const std::string& text) {
  const Hash128 hash = hash_bytes(text.data(), text.size());
  return fmt::format("{:016x}{:016x}", hash.high, hash.low);
}

/// Name, size and time of the input files that exist: what a stage was made from. Local.
std::string describe_files(std::span<const std::string> paths) {
  std::string text;
  for (const std::string& path : paths) {
    std::error_code unknown;
    if (std::filesystem::is_regular_file(path, unknown)) {
      const auto changed = std::filesystem::last_write_time(path).time_since_epoch().count();
      text += fmt::format("{} {} {}\n", path, std::filesystem::file_size(path), changed);
    }
  }
  return text;
}

/// The keys that a stage reads, as lines.
std::string stage_text(const config::Config& config, Stage stage) {
  std::string text;
  for (const auto& [key, value] : config::values_of_stage(config, to_string(stage))) {
    text += key + "=" + value + "\n";
  }
  return text;
}

/// These keys, as lines.
std::string values_text(const config::Config& config, std::initializer_list<const char*> keys) {
  std::string text;
  for (const char* key : keys) {
    text += fmt::format("{}={}\n", key, value_text(config, key));
  }
  return text;
}

/// Collective. A stage's fingerprint covers all that its result depends on:
///
///     vectors -> cells -> knn -> graph -+-> propagate -> ensemble -> qa
///        |                   labels ----+
///        +------- check <------+
Fingerprints fingerprints(const comm::Communicator& comm, const config::Config& config,
                          const corpus::Corpus& corpus) {
  std::string vectors;
  std::string labels;
  const auto answers = read_audit(comm, config, corpus);
  const std::string audit = answers ? review::to_json(*answers) : std::string{};
  comm::on_root(comm, [&] {
    std::vector<std::string> paths;
    for (const corpus::FileExtent& file : corpus.files) {
      paths.push_back(file.path);
    }
    paths.insert(paths.end(), corpus.sources.begin(), corpus.sources.end());
    vectors = describe_files(paths);
    labels = describe_files(std::vector{config.corpus.seeds, config.corpus.classes});
  });
  comm::broadcast(comm, vectors);
  comm::broadcast(comm, labels);
  vectors += values_text(config, {"corpus.files", "corpus.embeddings", "corpus.ids"});
  labels += values_text(config, {"corpus.labels", "corpus.seeds", "corpus.gold", "corpus.classes",
                                 "corpus.votes", "corpus.probs"});
  std::string before =
      digest(fmt::format("format {}\n{}{}", kFormat, vectors, stage_text(config, Stage::check)));
  Fingerprints prints;
  prints[to_size(static_cast<int>(Stage::check))] = digest(before + labels);
  for (int stage = static_cast<int>(Stage::cells); stage < kNumStages; ++stage) {
    const auto current = static_cast<Stage>(stage);
    before = digest(before + (current == Stage::propagate ? labels : "") +
                    (current == Stage::qa ? audit + value_text(config, "corpus.slices") : "") +
                    stage_text(config, current));
    prints[to_size(stage)] = before;
  }
  return prints;
}

void do_stage(Stage stage, Workspace& workspace) {
  switch (stage) {
    case Stage::check:
      return do_check(workspace);
    case Stage::cells:
      return do_cells(workspace);
    case Stage::knn:
      return do_knn(workspace);
    case Stage::graph:
      return do_graph(workspace);
    case Stage::propagate:
      return do_propagate(workspace);
    case Stage::ensemble:
      return do_ensemble(workspace);
    case Stage::qa:
      return do_qa(workspace);
  }
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

const char* to_string(Stage stage) {
  static constexpr std::array<const char*, kNumStages> kNames{
      "check", "cells", "knn", "graph", "propagate", "ensemble", "qa"};
  return kNames.at(to_size(static_cast<int>(stage)));
}

namespace {

/// Collective. Files that the results are made from.
std::vector<std::string> input_paths(const comm::Communicator& comm, const Workspace& workspace) {
  std::string list;
  comm::on_root(comm, [&] {
    for (const corpus::FileExtent& file : workspace.corpus.files) {
      list += file.path + "\n";
    }
    for (const std::string& path : workspace.corpus.sources) {
      list += path + "\n";
    }
    for (const std::string& path :
         {workspace.config.corpus.seeds, workspace.config.corpus.classes}) {
      std::error_code unknown;
      list += std::filesystem::is_regular_file(path, unknown) ? path + "\n" : "";
    }
  });
  comm::broadcast(comm, list);
  std::vector<std::string> paths;
  std::istringstream lines{list};
  for (std::string path; std::getline(lines, path);) {
    paths.push_back(path);
  }
  return paths;
}

/// Collective. Says where ranks and threads are, and opens the manifest with it.
Manifest open_manifest(const comm::Communicator& comm, const Workspace& workspace) {
  const comm::Placement placement = comm::find_placement(comm, num_threads(), blas_threads());
  log::info("{} cpu_target={}", comm::to_line(placement), distance::target_name());
  for (const std::string& warning : comm::warnings(placement)) {
    log::info("warning: {}", warning);
  }
  const nlohmann::ordered_json inputs =
      describe_inputs(comm, input_paths(comm, workspace), workspace.config.run.hash_all_input);
  return Manifest::open(comm, workspace.config, describe_start(comm, placement), inputs);
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

/// Collective. Says so early if the file system has less room than the stages to come will leave.
void warn_of_little_space(const Workspace& workspace, const Manifest& manifest,
                          const Fingerprints& prints, const std::vector<StagePlan>& plan,
                          Stage last) {
  Count wanted = 0;
  for (int stage = 0; stage <= static_cast<int>(last); ++stage) {
    const bool is_done = manifest.is_done(static_cast<Stage>(stage), prints[to_size(stage)]);
    wanted += is_done ? 0 : plan[to_size(stage)].disk_bytes;
  }
  comm::on_root(workspace.comm, [&] {
    const Count free = io::free_bytes(workspace.config.run.directory);
    if (free < wanted) {
      log::info("warning: {} has {} free; the stages to come leave about {}",
                workspace.config.run.directory, io::format_bytes(free), io::format_bytes(wanted));
    }
  });
}

/// Collective. Tries the FAISS index of the graph, if it is still to be built.
void try_faiss_index(const Workspace& workspace, const Manifest& manifest,
                     const Fingerprints& prints) {
  const knn::KnnConfig& config = workspace.config.knn;
  const std::string factory = knn::faiss_factory(config);
  if (factory.empty() ||
      manifest.is_done(Stage::knn, prints[to_size(static_cast<int>(Stage::knn))])) {
    return;
  }
  comm::on_root(workspace.comm, [&] {
    const corpus::Corpus& corpus = workspace.corpus;
    knn::try_faiss(
        {factory, corpus.dim, corpus.metric, corpus.num_items / workspace.comm.size(), config.k});
  });
}

/// Collective. Each is a run of its own up to `last`. Leaves nothing of them in memory, and the
/// shared graph in its files.
void run_other_graphs(Workspace& workspace, Stage last) {
  const config::Config& config = workspace.config;
  for (const config::GraphSource& source : config.graphs) {
    if (!is_used(config, source)) {
      continue;
    }
    workspace.lists.reset();
    workspace.graph.reset();
    workspace.components.reset();
    const config::Config other = config_of(config, source);
    log::info("graph={} dataset={} directory={}", source.name, source.dataset, other.run.directory);
    try {
      run(workspace.comm, other, last);
    } catch (const comm::CollectiveError& error) {
      throw comm::CollectiveError{fmt::format("graph.{}: {}", source.name, error.what())};
    }
  }
}

/// Collective.
void do_and_record(Stage stage, const std::string& print, const StagePlan& plan,
                   Workspace& workspace, Manifest& manifest) {
  const comm::Communicator& comm = workspace.comm;
  comm::stop_if_asked(comm);
  if (stage == Stage::propagate) {
    run_other_graphs(workspace, Stage::graph);
  }
  manifest.begin(comm, stage, print);
  const Clock::time_point start = Clock::now();
  const ByteCounts before = bytes_moved();
  workspace.fingerprint = print;
  release_free_memory();
  begin_peak();
  do_stage(stage, workspace);
  StageCost cost = cost_since(comm, start, before);
  cost.planned_rss_bytes = plan.memory_bytes;
  manifest.record(comm, stage, print, cost);
  log::info("stage={} state=done seconds={:.2f} peak_rss_mib={} planned_rss_mib={}",
            to_string(stage), cost.seconds, cost.peak_rss_bytes >> 20,
            cost.planned_rss_bytes >> 20);
}

void run_stages(Workspace& workspace, Manifest& manifest, Stage last) {
  const comm::Communicator& comm = workspace.comm;
  const Fingerprints prints = fingerprints(comm, workspace.config, workspace.corpus);
  const std::vector<StagePlan> plan = plan_stages(
      plan_input(comm, workspace.config, workspace.corpus), Rates{1, 1, 1, 1, 1, 1, 1, 1});
  manifest.verify(comm, prints, last);
  warn_of_little_space(workspace, manifest, prints, plan, last);
  check_settings(workspace);
  if (!manifest.is_done(Stage::qa, prints[to_size(static_cast<int>(Stage::qa))])) {
    check_groups(workspace);
  }
  try_faiss_index(workspace, manifest, prints);
  bool is_open = false;
  for (int stage = 0; stage <= static_cast<int>(last); ++stage) {
    const auto current = static_cast<Stage>(stage);
    if (manifest.is_done(current, prints[to_size(stage)])) {
      log::info("stage={} state=done_before", to_string(current));
      if (current == Stage::check) {
        log_warnings(read_facts(workspace, Stage::check));
      }
    } else {
      if (!std::exchange(is_open, true)) {
        open_corpus(workspace);
      }
      do_and_record(current, prints[to_size(stage)], plan[to_size(stage)], workspace, manifest);
    }
    if (current == Stage::check) {
      check_neighbors(workspace);
      run_other_graphs(workspace, Stage::check);
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

void run(const comm::Communicator& comm, const config::Config& config, Stage last) {
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
  run(comm, config, Stage::graph);
  Workspace workspace = open_workspace(comm, config);
  open_corpus(workspace);
  write_graph(workspace, path);
}

}  // namespace kith::pipeline
