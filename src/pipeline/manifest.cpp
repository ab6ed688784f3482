#include "pipeline/manifest.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <sstream>
#include <system_error>

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/config/options.hpp"
#include "kith/core/error.hpp"
#include "kith/core/log.hpp"
#include "kith/core/random.hpp"
#include "kith/io/file_hash.hpp"
#include "kith/io/files.hpp"
#include "kith/io/json.hpp"

#include "pipeline/provenance.hpp"
#include "pipeline/run_directory.hpp"
#include "pipeline/run_files.hpp"

namespace kith::pipeline {
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

std::string first_stage_of(const std::string& key) {
  const std::optional<config::Option> option = config::find_option(key);
  return !option || option->stages.empty() ? "nothing" : option->stages;
}

/// Says which keys and inputs differ, and which stage is the first to depend on each.
void say_changes(const io::Json& before, const io::Json& now) {
  const io::Json old_keys = before.value("configuration", io::Json::object());
  for (const auto& [key, value] : now["configuration"].items()) {
    const io::Json old_value = old_keys.value(key, io::Json("unset"));
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
  const io::Json old_inputs = before.value("inputs", io::Json::array());
  for (const io::Json& input : now["inputs"]) {
    if (!old_inputs.empty() &&
        std::find(old_inputs.begin(), old_inputs.end(), input) == old_inputs.end()) {
      log::info("changed input={}", input["path"].get<std::string>());
    }
  }
}

/// Rank 0. What is wrong with a stage's files, short of their bytes; nothing if nothing is.
std::string why_incomplete(const std::string& directory, Stage stage, const io::Json& line) {
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
/// has one: what to say of it, by the stage's name.
io::Json find_damaged(const comm::Communicator& comm, const std::string& directory,
                      const io::Json& stages, std::span<const Stage> asked) {
  io::Json found = io::Json::object();
  comm::on_root(comm, [&] {
    for (const Stage stage : asked) {
      if (std::string why = why_incomplete(directory, stage, stages.at(to_string(stage)));
          !why.empty()) {
        found[to_string(stage)] = std::move(why);
      }
    }
  });
  found = broadcast_json(comm, found);
  std::vector<std::string> names;
  for (const Stage stage : asked) {
    if (!found.contains(to_string(stage))) {
      for (const auto& [name, file] : stages.at(to_string(stage)).at("files").items()) {
        names.push_back(name);
      }
    }
  }
  const io::Json now = hash_results(comm, directory, names);
  for (const Stage stage : asked) {
    if (found.contains(to_string(stage))) {
      continue;
    }
    for (const auto& [name, file] : stages.at(to_string(stage)).at("files").items()) {
      if (now.at(name) != file) {
        found[to_string(stage)] = fmt::format("file={} reason=\"has other bytes\"", name);
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
void keep_changed_results(const comm::Communicator& comm, const std::string& directory, Stage stage,
                          const io::Json& files) {
  if (stage < Stage::ensemble) {
    return;  // nobody works in these
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

void require_recorded(const comm::Communicator& comm, const std::string& directory, Stage stage) {
  io::Json stages;
  comm::on_root(comm, [&] {
    stages = read_manifest(manifest_path(directory)).value("stages", io::Json::object());
    if (!stages.contains(to_string(stage))) {
      fail("{}: has no stage {} that is done; kith run goes on there", manifest_path(directory),
           to_string(stage));
    }
  });
  stages = broadcast_json(comm, stages);
  const io::Json damaged = find_damaged(comm, directory, stages, std::array{stage});
  if (!damaged.empty()) {
    throw comm::CollectiveError{
        fmt::format("{}: is not what stage {} has left: {}; kith run does it again", directory,
                    to_string(stage), damaged.front().get<std::string>())};
  }
}

Manifest Manifest::open(const comm::Communicator& comm, const config::Config& config,
                        const io::Json& start, const io::Json& inputs) {
  Manifest manifest;
  manifest.directory_ = config.run.directory;
  io::Json now;
  now["program"] = "kith";
  now["build"] = describe_program();
  now["configuration"] = configuration_of(config);
  now["inputs"] = inputs;
  now["stages"] = io::Json::object();
  now["begun"] = io::Json::array();
  now["starts"] = io::Json::array();
  comm::on_root(comm, [&] {
    const io::Json before = prepare_directory(config.run.directory);
    now["working_directory"] = fs::current_path().string();
    if (!before.is_null()) {
      say_changes(before, now);
      now["stages"] = before.value("stages", io::Json::object());
      now["starts"] = before.value("starts", io::Json::array());
      for (const Stage stage : begun_stages(before)) {
        now["begun"].push_back(to_string(stage));
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

void Manifest::verify(const comm::Communicator& comm, std::span<const std::string> prints,
                      Stage last) {
  io::Json& stages = document_["stages"];
  std::vector<Stage> asked;
  for (int stage = 0; stage <= static_cast<int>(last); ++stage) {
    const auto line = stages.find(to_string(static_cast<Stage>(stage)));
    if (line != stages.end() && line->value("fingerprint", "") == prints[to_size(stage)]) {
      asked.push_back(static_cast<Stage>(stage));
    }
  }
  const io::Json damaged = find_damaged(comm, directory_, stages, asked);
  for (const auto& [stage, why] : damaged.items()) {
    log::info("stage={} state=incomplete {}", stage, why.get<std::string>());
  }
  for (const Stage stage : asked) {
    if (damaged.contains(to_string(stage))) {
      keep_changed_results(comm, directory_, stage, stages.at(to_string(stage)).at("files"));
      stages.erase(to_string(stage));
    }
  }
}

/// A digest of the files of the stages that a stage is made from: all before it but check, which
/// only looks.
std::string Manifest::earlier_files(Stage stage) const {
  const io::Json& stages = document_["stages"];
  std::string text;
  for (int earlier = static_cast<int>(Stage::cells); earlier < static_cast<int>(stage); ++earlier) {
    const auto line = stages.find(to_string(static_cast<Stage>(earlier)));
    text += line == stages.end() ? "?" : line->value("files", io::Json::object()).dump();
  }
  const Hash128 hash = hash_bytes(text.data(), text.size());
  return fmt::format("{:016x}{:016x}", hash.high, hash.low);
}

bool Manifest::is_done(Stage stage, const std::string& fingerprint) const {
  const io::Json& stages = document_["stages"];
  const auto line = stages.find(to_string(stage));
  return line != stages.end() && line->value("fingerprint", "") == fingerprint &&
         line->value("made_from", earlier_files(stage)) == earlier_files(stage);
}

void Manifest::begin(const comm::Communicator& comm, Stage stage, const std::string& fingerprint) {
  io::Json& stages = document_["stages"];
  const auto line = stages.find(to_string(stage));
  if (line != stages.end()) {
    if (line->value("fingerprint", "") == fingerprint) {
      log::info("stage={} state=incomplete reason=\"was made from other files of earlier stages\"",
                to_string(stage));
    }
    keep_changed_results(comm, directory_, stage, line->value("files", io::Json::object()));
  }
  const bool was_done = stages.erase(to_string(stage)) > 0;
  io::Json& begun = document_["begun"];
  const bool is_new = std::find(begun.begin(), begun.end(), to_string(stage)) == begun.end();
  if (is_new) {
    begun.push_back(to_string(stage));
  }
  if (was_done || is_new) {
    write(comm);
  }
}

void Manifest::record(const comm::Communicator& comm, Stage stage, const std::string& fingerprint,
                      const StageCost& cost) {
  io::Json names;
  comm::on_root(comm, [&] { names = existing_files(directory_, stage); });
  names = broadcast_json(comm, names);
  const io::Json files = hash_results(comm, directory_, names.get<std::vector<std::string>>());
  document_["stages"][to_string(stage)] = {{"fingerprint", fingerprint},
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

}  // namespace kith::pipeline
