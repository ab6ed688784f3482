#include "corpus/class_names.hpp"

#include <filesystem>
#include <unordered_map>

#include "kith/core/error.hpp"
#include "kith/io/files.hpp"
#include "kith/io/input_file.hpp"

namespace kith::corpus {
namespace {

constexpr const char* kDefaultDataset = "/classes";

/// One name a line; spaces around it and empty lines at the end do not count.
std::vector<std::string> names_of_lines(const std::string& text) {
  std::vector<std::string> names;
  std::size_t first = 0;
  while (first < text.size()) {
    const std::size_t end = std::min(text.find('\n', first), text.size());
    std::string name = text.substr(first, end - first);
    name.erase(name.find_last_not_of(" \t\r") + 1);
    name.erase(0, name.find_first_not_of(" \t"));
    names.push_back(name);
    first = end + 1;
  }
  while (!names.empty() && names.back().empty()) {
    names.pop_back();
  }
  return names;
}

void check_names(const std::vector<std::string>& names, const std::string& place) {
  std::unordered_map<std::string, std::size_t> seen;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i].empty()) {
      fail("{}: class {} has an empty name", place, i);
    }
    if (const auto [earlier, is_new] = seen.emplace(names[i], i); !is_new) {
      fail("{}: classes {} and {} are both named \"{}\"", place, earlier->second, i, names[i]);
    }
  }
  if (names.empty()) {
    fail("{}: names no class", place);
  }
}

}  // namespace

std::vector<std::string> read_class_names(const CorpusConfig& config,
                                          const std::string& first_file) {
  const io::InputFile file{first_file};
  const bool is_default = config.classes.empty();
  const std::string dataset = is_default ? kDefaultDataset : config.classes;
  if (file.has(dataset)) {
    if (is_default && file.describe(dataset).type_name != "string") {
      return {};
    }
    std::vector<std::string> names = file.read_strings(dataset);
    check_names(names, first_file + ": " + dataset);
    return names;
  }
  if (is_default) {
    return {};
  }
  if (!std::filesystem::exists(config.classes)) {
    fail("corpus.classes = {}: neither a dataset of {} nor a file", config.classes, first_file);
  }
  std::vector<std::string> names = names_of_lines(io::read_file(config.classes));
  check_names(names, config.classes);
  return names;
}

std::vector<std::string> numbered_classes(Count num_classes) {
  std::vector<std::string> names;
  for (Count i = 0; i < num_classes; ++i) {
    names.push_back(std::to_string(i));
  }
  return names;
}

}  // namespace kith::corpus
