#include "corpus/joined_names.hpp"

#include <algorithm>
#include <unordered_map>

#include "kith/core/error.hpp"
#include "kith/core/quote.hpp"

namespace kith::corpus {
namespace {

using Numbers = std::unordered_map<std::string, std::int32_t>;

/// Numbers of a file's names; those that are new are appended to `all`.
std::vector<std::int32_t> number_names(const NamesOfFile& file, std::vector<std::string>& all,
                                       Numbers& known) {
  std::vector<std::int32_t> numbers;
  for (const std::string& name : *file.names) {
    const auto [entry, is_new] = known.emplace(name, static_cast<std::int32_t>(all.size()));
    if (is_new) {
      all.push_back(name);
    }
    numbers.push_back(entry->second);
  }
  std::vector<std::int32_t> sorted = numbers;
  std::sort(sorted.begin(), sorted.end());
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  if (twice != sorted.end()) {
    fail("{}: has the name \"{}\" twice", file.place, quote(all[to_size(*twice)]));
  }
  return numbers;
}

}  // namespace

JoinedNames join_names(std::span<const NamesOfFile> files, const char* what) {
  JoinedNames joined;
  joined.numbers.resize(files.size());
  const auto first = std::find_if(files.begin(), files.end(),
                                  [](const NamesOfFile& file) { return file.names.has_value(); });
  if (first == files.end()) {
    return joined;
  }
  const auto differs = [&](const NamesOfFile& file) {
    return file.names && *file.names != *first->names;
  };
  const auto other = std::find_if(files.begin(), files.end(), differs);
  if (other == files.end()) {
    joined.all = *first->names;
    return joined;
  }
  Numbers known;
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (!files[i].names) {
      fail("{}: names no {}, but {} and {} name theirs differently", files[i].place, what,
           first->place, other->place);
    }
    joined.numbers[i] = number_names(files[i], joined.all, known);
  }
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (*files[i].names == joined.all) {
      joined.numbers[i].clear();
    }
  }
  joined.note = fmt::format(
      "{} names its {} differently from {} ({} of {} files differ): they are matched by name, {} "
      "in all",
      other->place, what, first->place, std::count_if(files.begin(), files.end(), differs),
      files.size(), joined.all.size());
  return joined;
}

}  // namespace kith::corpus
