#include "kith/run/workspace.hpp"

#include <fmt/ranges.h>

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/core/log.hpp"
#include "kith/io/files.hpp"
#include "kith/io/json.hpp"

namespace kith::run {
std::string facts_path(const Workspace& workspace, const std::string& stage) {
  return workspace.path(workspace.stages->at(stage).description().facts);
}

Workspace open_workspace(const comm::Communicator& comm, const StageList& stages,
                         const config::Config& config) {
  Workspace workspace{comm, stages, config};
  workspace.memory_bytes = config::parse_bytes(config.run.memory_per_rank);
  workspace.corpus = corpus::describe(comm, config.corpus);
  const bool replaced = comm::locally(comm, [&] {
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

void open_corpus(Workspace& workspace) {
  const IdRange<GlobalId> block =
      corpus::rows_of(workspace.corpus.num_items, workspace.comm.rank(), workspace.comm.size());
  constexpr Count kReaderCacheBytes = Count{1} << 30;
  const Count budget = workspace.memory_bytes > 0 ? workspace.memory_bytes / 4 : kReaderCacheBytes;
  workspace.seeds = corpus::read_seeds(workspace.comm, workspace.corpus, workspace.config.corpus);
  workspace.reader.emplace(workspace.corpus, block, budget);
}

io::Snapshots open_snapshots(const Workspace& workspace, const std::string& stage) {
  const std::string directory = workspace.path("snapshots");
  comm::on_root(workspace.comm, [&] { std::filesystem::create_directories(directory); });
  constexpr double kSecondsPerMinute = 60;
  return {workspace.comm, directory, stage, workspace.fingerprint,
          workspace.config.run.snapshot_minutes * kSecondsPerMinute};
}

void write_facts(const Workspace& workspace, const std::string& stage, const io::Json& facts) {
  comm::on_root(workspace.comm, [&] {
    const std::string path = facts_path(workspace, stage);
    std::filesystem::create_directories(std::filesystem::path{path}.parent_path());
    io::write_file_atomically(path, io::json_text(facts, 2) + "\n");
  });
}

io::Json read_facts(const Workspace& workspace, const std::string& stage) {
  std::string text;
  comm::on_root(workspace.comm, [&] {
    const std::string path = facts_path(workspace, stage);
    const io::Json facts = io::read_json(path);
    if (!facts.is_object()) {
      io::fail_damaged(path, "it has not the form that kith writes");
    }
    text = facts.dump();
  });
  comm::broadcast(workspace.comm, text);
  return io::Json::parse(text);
}

}  // namespace kith::run
