#include "corpus/class_names.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>
#include <unordered_map>

#include "kith/core/error.hpp"
#include "kith/core/quote.hpp"
#include "kith/io/storage.hpp"
#include "kith/io/text_file.hpp"

#include "corpus/class_column.hpp"

namespace kith::corpus {
namespace {

constexpr const char* kDefaultDataset = "/classes";
constexpr Count kLongestName = 1000;

std::string trimmed(std::string_view text) {
  const std::size_t first = std::min(text.find_first_not_of(" \t"), text.size());
  return std::string{text.substr(first, text.find_last_not_of(" \t") + 1 - first)};
}

/// One name a line; spaces around it and empty lines at the end do not count.
std::vector<std::string> read_lines(const std::string& path) {
  io::TextFile text{path, io::kMostKeptBytes};
  std::vector<std::string> names;
  std::string empty_line;  // its place
  while (text.next_line()) {
    const std::string name = trimmed(text.line());
    if (name.empty()) {
      empty_line = empty_line.empty() ? text.place() : empty_line;
    } else if (!empty_line.empty()) {
      fail("{}: is empty, expected the name of class {}", empty_line, names.size());
    } else {
      names.push_back(name);
    }
  }
  return names;
}

void check_names(const std::vector<std::string>& names, const std::string& place) {
  std::unordered_map<std::string, std::size_t> seen;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i].empty()) {
      fail("{}: class {} has an empty name", place, i);
    }
    if (count_of(names[i]) > kLongestName) {
      fail("{}: class {} has a name of {} bytes, expected at most {}: \"{}\"", place, i,
           names[i].size(), kLongestName, quote(names[i]));
    }
    if (const auto [earlier, is_new] = seen.emplace(names[i], i); !is_new) {
      fail("{}: classes {} and {} are both named \"{}\"", place, earlier->second, i,
           quote(names[i]));
    }
  }
  if (names.empty()) {
    fail("{}: names no class", place);
  }
}

/// Names of the members of those columns of classes that are enumerations, together.
NamesOfFile names_of_columns(const CorpusConfig& config, const io::InputFile& file) {
  NamesOfFile found{file.path() + ": " + kDefaultDataset, std::nullopt};
  for (const std::string& column : class_columns(config)) {
    const std::vector<std::string> members = names_of_members(file.describe(column));
    if (!found.names && !members.empty()) {
      found = {file.path() + ": " + quote(column), members};
    }
    for (const std::string& member : members) {
      if (std::find(found.names->begin(), found.names->end(), member) == found.names->end()) {
        found.names->push_back(member);
      }
    }
  }
  return found;
}

}  // namespace

std::vector<std::string> class_columns(const CorpusConfig& config) {
  std::vector<std::string> columns = {config.labels, config.gold, config.votes};
  std::erase(columns, "");
  return columns;
}

NamesOfFile class_names_of(const CorpusConfig& config, const io::InputFile& file) {
  const bool is_default = config.classes.empty();
  const std::string dataset = is_default ? kDefaultDataset : config.classes;
  NamesOfFile found{file.path() + ": " + quote(dataset), std::nullopt};
  if (file.has(dataset) && (!is_default || file.describe(dataset).type_name == "string")) {
    (void)io::describe_storage(file.path(), std::array{dataset});
    found.names = file.read_strings(dataset);
    check_names(*found.names, found.place);
    return found;
  }
  return is_default ? names_of_columns(config, file) : found;
}

std::vector<std::string> read_class_file(const CorpusConfig& config,
                                         const std::string& first_file) {
  std::error_code unknown;  // a name that is too long, say
  if (!std::filesystem::exists(config.classes, unknown)) {
    fail("corpus.classes = {}: neither a dataset of {} nor a file", quote(config.classes),
         first_file);
  }
  std::vector<std::string> names = read_lines(config.classes);
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
