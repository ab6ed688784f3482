#include "run/manifest.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <sstream>
#include <system_error>

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/core/error.hpp"
#include "kith/core/log.hpp"
#include "kith/io/file_hash.hpp"
#include "kith/io/files.hpp"
#include "kith/io/json.hpp"
#include "kith/run/run.hpp"

#include "run/provenance.hpp"
#include "run/run_directory.hpp"
#include "run/run_files.hpp"

namespace kith::run {
namespace {

namespace fs = std::filesystem;

io::Json configuration_of(const config::Config& config) {
  io::Json configuration = io::Json::object();
  std::istringstream text{to_text(config)};
  for (std::string line; std::getline(text, line);) {
    configuration[line.substr(0, line.find('='))] = line.substr(line.find('=') + 1);
  }
  return configuration;
}

/// Rank 0. What is wrong with a stage's files, short of their bytes; nothing if nothing is.
std::string why_incomplete(const std::string& directory, const Stage& stage, const io::Json& line) {
  const io::Json files = line.value("files", io::Json::object());
  for (const std::string& name : existing_files(directory, stage)) {
    const auto recorded = files.find(name);
    if (recorded == files.end()) {
      return fmt::format("file={} reason=\"is not recorded\"", name);
    }
    std::error_code missing;
    const auto bytes = fs::file_size(fs::path{directory} / name, missing);
    if (missing) {
      return fmt::format("file={} reason=\"{}\"", name, missing.message());
    }
    if (static_cast<Count>(bytes) != recorded->at("bytes").get<Count>()) {
      return fmt::format("file={} reason=\"has {} bytes, not {}\"", name, bytes,
                         recorded->at("bytes").get<Count>());
    }
  }
  for (const auto& [name, file] : files.items()) {
    if (std::error_code missing; !fs::exists(fs::path{directory} / name, missing)) {
      return fmt::format("file={} reason=\"is gone\"", name);
    }
  }
  return files.empty() ? "reason=\"no files are recorded\"" : "";
}

/// Collective. From rank 0 to all.
io::Json broadcast_json(const comm::Communicator& comm, const io::Json& value) {
  std::string text;
  comm::on_root(comm, [&] { text = io::json_text(value, -1); });
  comm::broadcast(comm, text);
  return io::Json::parse(text);
}

/// Collective. Sizes and hashes of files of the directory.
io::Json hash_results(const comm::Communicator& comm, const std::string& directory,
                      const std::vector<std::string>& names) {
  std::vector<std::string> paths;
  for (const std::string& name : names) {
    paths.push_back((fs::path{directory} / name).string());
  }
  const std::vector<io::FileHash> hashes = io::hash_files(comm, paths);
  io::Json files = io::Json::object();
  for (std::size_t i = 0; i < names.size(); ++i) {
    files[names[i]] = {{"bytes", hashes[i].bytes}, {"hash", hashes[i].hash}};
  }
  return files;
}

/// Collective. The first of these stages' files that is not what was recorded, for each stage that
/// has one: what to say of it, by the stage's name. recorded: the manifest's lines.
io::Json find_damaged(const comm::Communicator& comm, const std::string& directory,
                      const io::Json& recorded, std::span<const Stage* const> asked) {
  io::Json found = io::Json::object();
  comm::on_root(comm, [&] {
    for (const Stage* stage : asked) {
      std::string why = why_incomplete(directory, *stage, recorded.at(stage->name()));
      if (!why.empty()) {
        found[stage->name()] = std::move(why);
      }
    }
  });
  found = broadcast_json(comm, found);
  std::vector<std::string> names;
  for (const Stage* stage : asked) {
    if (!found.contains(stage->name())) {
      for (const auto& [name, file] : recorded.at(stage->name()).at("files").items()) {
        names.push_back(name);
      }
    }
  }
  const io::Json now = hash_results(comm, directory, names);
  for (const Stage* stage : asked) {
    if (found.contains(stage->name())) {
      continue;
    }
    for (const auto& [name, file] : recorded.at(stage->name()).at("files").items()) {
      if (now.at(name) != file) {
        found[stage->name()] = fmt::format("file={} reason=\"has other bytes\"", name);
        break;
      }
    }
  }
  return found;
}

/// A name beside `path` that nothing has.
fs::path free_name(const fs::path& path) {
  for (int number = 1;; ++number) {
    fs::path other = path;
    other += number == 1 ? ".changed" : fmt::format(".changed-{}", number);
    if (std::error_code unknown; !fs::exists(fs::symlink_status(other, unknown))) {
      return other;
    }
  }
}

/// Collective. Before a stage is done again: those of its results that somebody has changed, or put
/// another file in place of, get a name of their own. files: as recorded, null for none.
void keep_changed_results(const comm::Communicator& comm, const std::string& directory,
                          const Stage& stage, const io::Json& files) {
  if (!stage.description().is_for_people) {
    return;
  }
  io::Json names = io::Json::array();
  comm::on_root(comm, [&] {
    for (const auto& [name, file] : files.items()) {
      if (std::error_code unknown; fs::is_regular_file(fs::path{directory} / name, unknown)) {
        names.push_back(name);
      }
    }
  });
  names = broadcast_json(comm, names);
  const io::Json now = hash_results(comm, directory, names.get<std::vector<std::string>>());
  comm::on_root(comm, [&] {
    for (const auto& [name, file] : now.items()) {
      if (file != files.at(name)) {
        const fs::path path = fs::path{directory} / name;
        const fs::path kept = free_name(path);
        fs::rename(path, kept);
        log::info("warning: {} is not as kith has written it: kept as {}", path.string(),
                  kept.filename().string());
      }
    }
  });
}

}  // namespace

void require_recorded(const comm::Communicator& comm, const Stage& stage,
                      const std::string& directory) {
  io::Json recorded;
  comm::on_root(comm, [&] {
    recorded = read_manifest(manifest_path(directory)).value("stages", io::Json::object());
    if (!recorded.contains(stage.name())) {
      fail("{}: has no stage {} that is done; kith run goes on there", manifest_path(directory),
           stage.name());
    }
  });
  recorded = broadcast_json(comm, recorded);
  const io::Json damaged = find_damaged(comm, directory, recorded, std::array{&stage});
  if (!damaged.empty()) {
    throw comm::CollectiveError{
        fmt::format("{}: is not what stage {} has left: {}; kith run does it again", directory,
                    stage.name(), damaged.front().get<std::string>())};
  }
}

Manifest Manifest::open(const comm::Communicator& comm, const StageList& stages,
                        const config::Config& config, const io::Json& start) {
  Manifest manifest{stages};
  manifest.directory_ = config.run.directory;
  io::Json now;
  now["program"] = "kith";
  now["build"] = describe_program();
  now["configuration"] = configuration_of(config);
  now["inputs"] = io::Json::array();
  now["stages"] = io::Json::object();
  now["begun"] = io::Json::array();
  now["starts"] = io::Json::array();
  comm::on_root(comm, [&] {
    const io::Json before = prepare_directory(stages, config.run.directory);
    now["working_directory"] = fs::current_path().string();
    if (!before.is_null()) {
      for (const char* part : {"inputs", "stages", "starts"}) {
        now[part] = before.value(part, now[part]);
      }
      for (const std::string& stage : begun_stages(before)) {
        now["begun"].push_back(stage);
      }
    }
    for (io::Json& earlier : now["starts"]) {
      if (earlier.value("status", "") == "running") {
        earlier["status"] = "killed";
      }
    }
    now["starts"].push_back(start);
  });
  manifest.document_ = broadcast_json(comm, now);
  manifest.write(comm);
  return manifest;
}

io::Json Manifest::inputs() const {
  return document_["inputs"];
}

void Manifest::set_inputs(const comm::Communicator& comm, const io::Json& files) {
  if (document_["inputs"] != files) {
    document_["inputs"] = files;
    write(comm);
  }
}

void Manifest::verify(const comm::Communicator& comm, const Fingerprints& prints,
                      const std::string& last) {
  io::Json& recorded = document_["stages"];
  std::vector<const Stage*> asked;
  for (const Stage* stage : stages_->up_to(last)) {
    const auto line = recorded.find(stage->name());
    if (line != recorded.end() &&
        line->value("fingerprint", "") == prints.at(stage->name()).digest) {
      asked.push_back(stage);
    }
  }
  const io::Json damaged = find_damaged(comm, directory_, recorded, asked);
  for (const auto& [stage, why] : damaged.items()) {
    log::info("stage={} state=incomplete {}", stage, why.get<std::string>());
  }
  for (const Stage* stage : asked) {
    if (damaged.contains(stage->name())) {
      keep_changed_results(comm, directory_, *stage,
                           recorded.at(stage->name()).value("files", io::Json::object()));
      recorded.erase(stage->name());
    }
  }
  if (!damaged.empty()) {
    write(comm);
  }
}

std::string Manifest::earlier_files(const std::string& stage) const {
  const io::Json& recorded = document_["stages"];
  std::string text;
  for (const std::string& earlier : stages_->at(stage).description().stages) {
    const auto line = recorded.find(earlier);
    text += line == recorded.end() ? "?" : line->value("files", io::Json::object()).dump();
  }
  return digest(text);
}

bool Manifest::is_done(const std::string& stage, const Fingerprint& print) const {
  const io::Json& recorded = document_["stages"];
  const auto line = recorded.find(stage);
  return line != recorded.end() && line->value("fingerprint", "") == print.digest &&
         line->value("made_from", earlier_files(stage)) == earlier_files(stage);
}

void Manifest::begin(const comm::Communicator& comm, const std::string& stage,
                     const Fingerprint& print) {
  io::Json& recorded = document_["stages"];
  const auto line = recorded.find(stage);
  const bool was_done = line != recorded.end();
  if (was_done) {
    const bool is_same = line->value("fingerprint", "") == print.digest;
    log::info("stage={} state=stale reason=\"{}\"", stage,
              is_same ? "was made from other files of earlier stages"
                      : differences(line->value("reads", io::Json::object()), print.reads));
    keep_changed_results(comm, directory_, stages_->at(stage),
                         line->value("files", io::Json::object()));
    recorded.erase(stage);
  }
  io::Json& begun = document_["begun"];
  const bool is_new = std::find(begun.begin(), begun.end(), stage) == begun.end();
  if (is_new) {
    begun.push_back(stage);
  }
  if (was_done || is_new) {
    write(comm);
  }
}

void Manifest::record(const comm::Communicator& comm, const std::string& stage,
                      const Fingerprint& print, const StageCost& cost) {
  io::Json names;
  comm::on_root(comm, [&] { names = existing_files(directory_, stages_->at(stage)); });
  names = broadcast_json(comm, names);
  const io::Json files = hash_results(comm, directory_, names.get<std::vector<std::string>>());
  document_["stages"][stage] = {{"fingerprint", print.digest},
                                {"reads", print.reads},
                                {"made_from", earlier_files(stage)},
                                {"seconds", cost.seconds},
                                {"peak_rss_bytes", cost.peak_rss_bytes},
                                {"planned_rss_bytes", cost.planned_rss_bytes},
                                {"bytes_read", cost.bytes_read},
                                {"bytes_written", cost.bytes_written},
                                {"ranks", cost.ranks},
                                {"threads", cost.threads},
                                {"files", files}};
  write(comm);
}

void Manifest::finish(const comm::Communicator& comm, const std::string& status) noexcept {
  try {
    io::Json& start = document_["starts"].back();
    start["ended"] = utc_now();
    start["status"] = status;
    write(comm);
  } catch (const std::exception&) {  // the manifest before stays whole
  }
}

void Manifest::write(const comm::Communicator& comm) const {
  comm::on_root(comm, [&] {
    io::write_file_atomically(manifest_path(directory_), io::json_text(document_, 2) + "\n");
  });
}

}  // namespace kith::run
