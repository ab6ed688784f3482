#include "pipeline/manifest.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <sstream>
#include <system_error>
#include <thread>

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/core/error.hpp"
#include "kith/core/log.hpp"
#include "kith/io/file_hash.hpp"
#include "kith/io/files.hpp"

#include "pipeline/options.hpp"
#include "pipeline/provenance.hpp"

namespace kith::pipeline {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

constexpr const char* kName = "manifest.json";

/// Held until the process ends, however it ends.
void lock_directory(const std::string& directory) {
  const std::string path = (fs::path{directory} / "lock").string();
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);  // NOLINT
  if (file < 0) {
    fail("{}: {}", path, std::generic_category().message(errno));
  }
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  constexpr int kMostTries = 50;
  for (int tries = 0; ::fcntl(file, F_SETLK, &lock) != 0; ++tries) {
    if (errno != EACCES && errno != EAGAIN && errno != EINTR) {
      return;  // this file system has no locks
    }
    if (tries == kMostTries) {
      fail("{}: another kith is at work there", directory);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{200});  // the one before may be ending
  }
}

void remove_unfinished(const std::string& directory) {
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator{directory, ignored}) {
    if (entry.path().extension() == ".part") {
      fs::remove(entry.path(), ignored);
    }
  }
}

/// Rank 0. The manifest of an earlier run, or nothing; creates the directory.
std::string prepare(const std::string& directory) {
  if (directory.empty()) {
    fail("run.directory is not set: where should the results go?");
  }
  std::error_code status;
  fs::create_directories(directory, status);
  if (status) {
    fail("{}: cannot be created: {}", directory, status.message());
  }
  lock_directory(directory);
  remove_unfinished(directory);
  const std::string path = (fs::path{directory} / kName).string();
  std::string text = fs::exists(path) ? io::read_file(path) : std::string{};
  if (!text.empty() && !Json::accept(text)) {
    fail("{}: is not JSON; remove it to start this run from the beginning", path);
  }
  return text;
}

Json configuration_of(const Config& config) {
  Json configuration = Json::object();
  std::istringstream text{to_text(config)};
  for (std::string line; std::getline(text, line);) {
    configuration[line.substr(0, line.find('='))] = line.substr(line.find('=') + 1);
  }
  return configuration;
}

std::string first_stage_of(const std::string& key) {
  const std::optional<Option> option = find_option(key);
  if (!option) {
    return "nothing";
  }
  return option->of_labels ? "check, propagate"
         : option->stage   ? to_string(*option->stage)
                           : "nothing";
}

/// Says which keys and inputs differ, and which stage is the first to depend on each.
void say_changes(const Json& before, const Json& now) {
  const Json old_keys = before.value("configuration", Json::object());
  for (const auto& [key, value] : now["configuration"].items()) {
    const Json old_value = old_keys.value(key, Json("unset"));
    if (!old_keys.empty() && old_value != value) {
      log::info("changed key={} from=\"{}\" to=\"{}\" redoes=\"{}\"", key,
                old_value.get<std::string>(), value.get<std::string>(), first_stage_of(key));
    }
  }
  for (const auto& [key, value] : old_keys.items()) {
    if (!now["configuration"].contains(key)) {
      log::info("changed key={} from=\"{}\" to=\"unset\" redoes=propagate", key,
                value.get<std::string>());
    }
  }
  const Json old_inputs = before.value("inputs", Json::array());
  for (const Json& input : now["inputs"]) {
    if (!old_inputs.empty() &&
        std::find(old_inputs.begin(), old_inputs.end(), input) == old_inputs.end()) {
      log::info("changed input={}", input["path"].get<std::string>());
    }
  }
}

/// Rank 0. Takes out stages of which a file is missing or has another size.
void drop_incomplete(const std::string& directory, Json& stages) {
  for (int index = 0; index < kNumStages; ++index) {
    const std::string stage = to_string(static_cast<Stage>(index));
    const auto line = stages.find(stage);
    if (line == stages.end()) {
      continue;
    }
    const Json files = line->value("files", Json::object());
    for (const auto& [name, file] : files.items()) {
      std::error_code missing;
      const auto bytes = fs::file_size(fs::path{directory} / name, missing);
      if (missing || static_cast<Count>(bytes) != file.value("bytes", Count{-1})) {
        log::info("stage={} state=incomplete file={}", stage, name);
        stages.erase(stage);
        break;
      }
    }
  }
}

/// Rank 0. The files of a stage that are there.
std::vector<std::string> existing_files(const std::string& directory, Stage stage) {
  std::vector<std::string> found;
  for (const std::string& name : files_of(stage)) {
    if (!name.ends_with('*')) {
      if (fs::exists(fs::path{directory} / name)) {
        found.push_back(name);
      }
      continue;
    }
    const std::string prefix = name.substr(0, name.size() - 1);
    for (const fs::directory_entry& entry :
         fs::directory_iterator{(fs::path{directory} / prefix).parent_path()}) {
      std::string relative = fs::relative(entry.path(), directory).string();
      if (relative.starts_with(prefix)) {
        found.push_back(std::move(relative));
      }
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

/// Collective. Names, sizes and hashes.
Json hash_results(const comm::Communicator& comm, const std::string& directory, Stage stage) {
  std::string list;
  comm::on_root(comm, [&] { list = Json(existing_files(directory, stage)).dump(); });
  comm::broadcast(comm, list);
  const auto names = Json::parse(list).get<std::vector<std::string>>();
  std::vector<std::string> paths;
  for (const std::string& name : names) {
    paths.push_back((fs::path{directory} / name).string());
  }
  const std::vector<io::FileHash> hashes = io::hash_files(comm, paths);
  Json files = Json::object();
  for (std::size_t i = 0; i < names.size(); ++i) {
    files[names[i]] = {{"bytes", hashes[i].bytes}, {"hash", hashes[i].hash}};
  }
  return files;
}

}  // namespace

std::vector<std::string> files_of(Stage stage) {
  switch (stage) {
    case Stage::check:
      return {"check.json"};
    case Stage::cells:
      return {"cells/cells.h5", "cells/cells.json", "cells/quantizer.faiss"};
    case Stage::knn:
      return {"graph/knn-*", "graph/knn.json"};
    case Stage::graph:
      return {"graph/graph.json"};
    case Stage::propagate:
      return {"propagation.h5", "propagation.json"};
    case Stage::ensemble:
      return {"labels.h5"};
    case Stage::qa:
      break;
  }
  return {"qa.h5", "report.html", "report.json"};
}

Manifest Manifest::open(const comm::Communicator& comm, const Config& config, const Json& start,
                        const Json& inputs) {
  Manifest manifest;
  manifest.directory_ = config.run.directory;
  Json& now = manifest.document_;
  now["program"] = "kith";
  now["build"] = describe_program();
  now["configuration"] = configuration_of(config);
  now["inputs"] = inputs;
  now["stages"] = Json::object();
  now["starts"] = Json::array();
  std::string text;
  comm::on_root(comm, [&] {
    const std::string before_text = prepare(config.run.directory);
    now["working_directory"] = fs::current_path().string();
    if (!before_text.empty()) {
      const Json before = Json::parse(before_text);
      say_changes(before, now);
      now["stages"] = before.value("stages", Json::object());
      now["starts"] = before.value("starts", Json::array());
      drop_incomplete(config.run.directory, now["stages"]);
    }
    for (Json& earlier : now["starts"]) {
      if (earlier.value("status", "") == "running") {
        earlier["status"] = "killed";
      }
    }
    now["starts"].push_back(start);
    text = now.dump();
  });
  comm::broadcast(comm, text);
  manifest.document_ = Json::parse(text);
  manifest.write(comm);
  return manifest;
}

bool Manifest::is_done(Stage stage, const std::string& fingerprint) const {
  const Json& stages = document_["stages"];
  const auto found = stages.find(to_string(stage));
  return found != stages.end() && found->value("fingerprint", "") == fingerprint;
}

void Manifest::record(const comm::Communicator& comm, Stage stage, const std::string& fingerprint,
                      const StageCost& cost) {
  document_["stages"][to_string(stage)] = {{"fingerprint", fingerprint},
                                           {"seconds", cost.seconds},
                                           {"peak_rss_bytes", cost.peak_rss_bytes},
                                           {"planned_rss_bytes", cost.planned_rss_bytes},
                                           {"bytes_read", cost.bytes_read},
                                           {"bytes_written", cost.bytes_written},
                                           {"ranks", cost.ranks},
                                           {"threads", cost.threads},
                                           {"files", hash_results(comm, directory_, stage)}};
  write(comm);
}

void Manifest::forget(const comm::Communicator& comm, Stage stage) {
  if (document_["stages"].erase(to_string(stage)) > 0) {
    write(comm);
  }
}

void Manifest::finish(const comm::Communicator& comm, const std::string& status) noexcept {
  try {
    Json& start = document_["starts"].back();
    start["ended"] = utc_now();
    start["status"] = status;
    write(comm);
  } catch (const std::exception&) {  // the manifest before stays whole
  }
}

void Manifest::write(const comm::Communicator& comm) const {
  comm::on_root(comm, [&] {
    io::write_file_atomically((fs::path{directory_} / kName).string(), document_.dump(2) + "\n");
  });
}

}  // namespace kith::pipeline
