#include "run/run_files.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>

#include "kith/core/error.hpp"
#include "kith/io/files.hpp"
#include "kith/io/json.hpp"

namespace kith::run {
namespace {

namespace fs = std::filesystem;

/// Those that the program itself makes.
constexpr const char* kSnapshots = "snapshots";
constexpr const char* kGraphs = "graphs";
constexpr int kPieceDigits = 5;

/// What a stage has while it works.
std::vector<std::string> snapshots_of(const std::string& stage) {
  const std::string stem = "snapshots/" + stage;
  return {stem + ".0.h5", stem + ".1.h5", stem + ".probe.h5"};
}

std::vector<std::string> all_names_of(const Stage& stage) {
  std::vector<std::string> names = stage.description().files;
  const std::vector<std::string> snapshots = snapshots_of(stage.name());
  names.insert(names.end(), snapshots.begin(), snapshots.end());
  return names;
}

/// The folders that stages have files in.
std::set<std::string> folders_of(const StageList& stages) {
  std::set<std::string> folders{kSnapshots};
  for (const Stage* stage : stages.all()) {
    for (const std::string& name : stage->description().files) {
      if (const fs::path folder = fs::path{name}.parent_path(); !folder.empty()) {
        folders.insert(folder.string());
      }
    }
  }
  return folders;
}

bool is_digit(char c) {
  return std::isdigit(static_cast<unsigned char>(c)) != 0;
}

/// pattern: of StageDescription::files.
bool matches(const std::string& pattern, const std::string& name) {
  const std::size_t star = pattern.find('*');
  if (star == std::string::npos) {
    return name == pattern;
  }
  const std::string tail = pattern.substr(star + 1);
  return name.size() >= star + kPieceDigits + tail.size() &&
         name.starts_with(pattern.substr(0, star)) && name.ends_with(tail) &&
         std::all_of(name.begin() + static_cast<std::ptrdiff_t>(star),
                     name.end() - static_cast<std::ptrdiff_t>(tail.size()), is_digit);
}

/// The paths below `directory` that a pattern of StageDescription::files stands for.
std::vector<fs::path> paths_of(const fs::path& directory, const std::string& pattern) {
  if (pattern.find('*') == std::string::npos) {
    return {directory / pattern};
  }
  std::vector<fs::path> paths;
  std::error_code missing;
  for (const fs::directory_entry& entry :
       fs::directory_iterator{(directory / pattern).parent_path(), missing}) {
    if (matches(pattern, entry.path().lexically_relative(directory).string())) {
      paths.push_back(entry.path());
    }
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

void refuse_file_of_others(const fs::path& path, bool is_ours) {
  std::error_code unknown;
  if (!fs::exists(fs::symlink_status(path, unknown))) {
    return;
  }
  if (!is_ours) {
    fail(
        "{}: kith would write over this file, which it did not make: move it away, or set another "
        "run.directory",
        path.string());
  }
  const fs::file_status state = fs::status(path, unknown);
  if (fs::exists(state) && !fs::is_regular_file(state)) {
    fail("{}: kith writes a file there, but this is none: move it away", path.string());
  }
}

/// A directory with the manifest of a run.
bool is_run_directory(const fs::path& directory) {
  const fs::path path = directory / kManifestFile;
  std::error_code unknown;
  if (!fs::is_regular_file(path, unknown)) {
    return false;
  }
  try {
    const io::Json manifest = io::read_json(path.string());
    return manifest.is_object() && manifest.value("program", io::Json{}) == "kith";
  } catch (const Error&) {
    return false;
  }
}

bool is_name_of_run(const StageList& stages, const std::string& name) {
  if (name == kManifestFile || name == "lock" || name == kGraphs ||
      folders_of(stages).contains(name) || name.ends_with(io::part_path(""))) {
    return true;
  }
  for (const Stage* stage : stages.all()) {
    std::vector<std::string> names = all_names_of(*stage);
    const std::vector<std::string>& others = stage->description().files_of_others;
    names.insert(names.end(), others.begin(), others.end());
    if (std::any_of(names.begin(), names.end(),
                    [&](const std::string& pattern) { return matches(pattern, name); })) {
      return true;
    }
  }
  return false;
}

}  // namespace

std::vector<std::string> existing_files(const std::string& directory, const Stage& stage) {
  std::vector<std::string> found;
  for (const std::string& name : stage.description().files) {
    const std::size_t star = name.find('*');
    if (star == std::string::npos) {
      found.push_back(name);
      continue;
    }
    for (Count piece = 0;; ++piece) {
      std::string of_piece = name;
      of_piece.replace(star, 1, fmt::format("{:0{}}", piece, kPieceDigits));
      if (!fs::exists(fs::path{directory} / of_piece)) {
        break;
      }
      found.push_back(std::move(of_piece));
    }
  }
  return found;
}

void refuse_files_of_others(const StageList& stages, const std::string& directory,
                            const std::set<std::string>& begun) {
  std::set<std::string> folders = folders_of(stages);
  folders.insert(kGraphs);
  for (const std::string& folder : folders) {
    const fs::path path = fs::path{directory} / folder;
    std::error_code unknown;
    if (fs::exists(fs::symlink_status(path, unknown)) && !fs::is_directory(path, unknown)) {
      fail("{}: kith makes a directory there, but this is none: move it away", path.string());
    }
  }
  for (const Stage* stage : stages.all()) {
    for (const std::string& pattern : all_names_of(*stage)) {
      for (const fs::path& path : paths_of(directory, pattern)) {
        refuse_file_of_others(path, begun.contains(stage->name()));
      }
    }
  }
}

void remove_partial_files(const StageList& stages, const std::string& directory) {
  std::error_code ignored;
  const fs::path root{directory};
  std::set<std::string> folders = folders_of(stages);
  folders.insert("");
  for (const std::string& folder : folders) {
    for (const fs::directory_entry& entry : fs::directory_iterator{root / folder, ignored}) {
      if (entry.path().string().ends_with(io::part_path(""))) {
        fs::remove(entry.path(), ignored);
      }
    }
  }
}

bool is_of_a_run(const StageList& stages, const std::string& path) {
  const fs::path place = fs::absolute(path).lexically_normal();
  std::error_code unknown;
  if (fs::is_directory(place, unknown) && is_run_directory(place)) {
    return true;
  }
  const fs::path parent = place.parent_path();
  for (const fs::path& directory : {parent, parent.parent_path()}) {
    if (is_name_of_run(stages, place.lexically_relative(directory).string()) &&
        is_run_directory(directory)) {
      return true;
    }
  }
  return false;
}

}  // namespace kith::run
