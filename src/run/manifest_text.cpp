// A manifest as it lies on disk: read with care.
#include <filesystem>

#include "kith/core/error.hpp"
#include "kith/io/json.hpp"

#include "run/manifest.hpp"

namespace kith::run {
namespace {

/// Checks the types of what the program looks up in a manifest.
class Check {
 public:
  explicit Check(const std::string& path) : path_{&path} {}

  void object(const io::Json& value, const char* name) const { require(value.is_object(), name); }
  void array(const io::Json& value, const char* name) const { require(value.is_array(), name); }
  void text(const io::Json& object, const char* key) const {
    require(!object.contains(key) || object[key].is_string(), key);
  }
  void count(const io::Json& object, const char* key) const {
    require(object.contains(key) && object[key].is_number_integer(), key);
  }
  void require(bool is_right, const char* name) const {
    if (!is_right) {
      io::fail_damaged(*path_, fmt::format("its {} is not as kith writes it", name));
    }
  }

 private:
  const std::string* path_;
};

void check_configuration(const Check& check, const io::Json& configuration) {
  check.object(configuration, "configuration");
  for (const auto& [key, value] : configuration.items()) {
    check.require(value.is_string(), "configuration");
  }
}

void check_inputs(const Check& check, const io::Json& inputs) {
  check.array(inputs, "list of inputs");
  for (const io::Json& input : inputs) {
    check.object(input, "list of inputs");
    check.require(input.contains("path"), "list of inputs");
    for (const char* key : {"path", "stamp", "hashed", "hash"}) {
      check.text(input, key);
    }
    const io::Json datasets = input.value("datasets", io::Json::object());
    check.object(datasets, "list of inputs");
    for (const auto& [name, hash] : datasets.items()) {
      check.require(hash.is_string(), "list of inputs");
    }
  }
}

void check_stages(const Check& check, const io::Json& stages) {
  check.object(stages, "list of stages");
  for (const auto& [stage, line] : stages.items()) {
    check.object(line, "list of stages");
    check.text(line, "fingerprint");
    check.text(line, "made_from");
    const io::Json reads = line.value("reads", io::Json::object());
    check.object(reads, "list of what a stage reads");
    for (const auto& [what, value] : reads.items()) {
      check.require(value.is_string(), "list of what a stage reads");
    }
    const io::Json files = line.value("files", io::Json::object());
    check.object(files, "list of files");
    for (const auto& [name, file] : files.items()) {
      check.object(file, "list of files");
      check.count(file, "bytes");
      check.text(file, "hash");
    }
  }
}

void check_starts(const Check& check, const io::Json& starts) {
  check.array(starts, "list of starts");
  for (const io::Json& start : starts) {
    check.object(start, "list of starts");
    check.text(start, "status");
  }
}

void check_begun(const Check& check, const io::Json& begun) {
  check.array(begun, "list of begun stages");
  for (const io::Json& stage : begun) {
    check.require(stage.is_string(), "list of begun stages");
  }
}

}  // namespace

io::Json read_manifest(const std::string& path) {
  io::Json manifest = io::read_json(path);
  if (!manifest.is_object() || manifest.value("program", io::Json{}) != "kith") {
    fail("{}: is no manifest of a run of kith: move it away, or set another run.directory", path);
  }
  const Check check{path};
  check_configuration(check, manifest.value("configuration", io::Json::object()));
  check_inputs(check, manifest.value("inputs", io::Json::array()));
  check_stages(check, manifest.value("stages", io::Json::object()));
  check_starts(check, manifest.value("starts", io::Json::array()));
  check_begun(check, manifest.value("begun", io::Json::array()));
  check.text(manifest, "working_directory");
  return manifest;
}

}  // namespace kith::run
