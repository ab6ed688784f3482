#include "corpus/file_order.hpp"

#include <glob.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <utility>

#include "kith/core/error.hpp"
#include "kith/core/log.hpp"

namespace kith::corpus {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Takes the run of digits, or the one other byte, that `text` begins with; a number without its
/// leading zeros.
std::string_view take_part(std::string_view& text) {
  if (!is_digit(text.front())) {
    const std::string_view part = text.substr(0, 1);
    text.remove_prefix(1);
    return part;
  }
  const auto end = std::find_if_not(text.begin(), text.end(), is_digit);
  std::string_view number = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(number.size());
  number.remove_prefix(std::min(number.find_first_not_of('0'), number.size() - 1));
  return number;
}

/// Negative, 0 or positive. Of two numbers the one with fewer digits is smaller.
int compare_parts(std::string_view a, std::string_view b) {
  if (is_digit(a.front()) && is_digit(b.front()) && a.size() != b.size()) {
    return a.size() < b.size() ? -1 : 1;
  }
  return a.compare(b);  // char_traits compares bytes as unsigned
}

std::vector<std::string> matches_of(const std::string& pattern,
                                    const std::function<bool(const std::string&)>& is_no_input) {
  std::error_code unknown;                          // a name may be too long for the system
  if (std::filesystem::exists(pattern, unknown)) {  // a name may hold brackets
    return {pattern};
  }
  glob_t found{};  // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread, before any other starts
  const int status =
      ::glob(pattern.c_str(), GLOB_BRACE | GLOB_TILDE | GLOB_NOSORT, nullptr, &found);
  std::vector<std::string> paths;
  std::size_t left_out = 0;
  for (std::size_t i = 0; status == 0 && i < found.gl_pathc; ++i) {
    const std::string path = found.gl_pathv[i];
    if (is_no_input && is_no_input(path)) {
      ++left_out;
    } else {
      paths.push_back(path);
    }
  }
  globfree(&found);
  if (paths.empty()) {
    fail("corpus.files: {} matches no file{}", pattern,
         left_out > 0 ? " but those of a run of kith" : "");
  }
  if (left_out > 0) {
    log::info("corpus.files={} left_out={}: files of a run of kith", pattern, left_out);
  }
  std::sort(paths.begin(), paths.end(), counts_before);
  return paths;
}

/// Rows of a file that came twice would count as items of their own.
void refuse_same_files(const std::vector<std::string>& paths) {
  std::map<std::pair<dev_t, ino_t>, const std::string*> seen;
  for (const std::string& path : paths) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) {
      continue;  // whoever opens it says why
    }
    const auto [earlier, is_new] = seen.emplace(std::pair{status.st_dev, status.st_ino}, &path);
    if (!is_new && *earlier->second == path) {
      fail("corpus.files: {} is given twice", path);
    }
    if (!is_new) {
      fail("corpus.files: {} and {} are the same file", *earlier->second, path);
    }
  }
}

}  // namespace

bool counts_before(std::string_view a, std::string_view b) {
  std::string_view rest_a = a;
  std::string_view rest_b = b;
  while (!rest_a.empty() && !rest_b.empty()) {
    if (const int order = compare_parts(take_part(rest_a), take_part(rest_b)); order != 0) {
      return order < 0;
    }
  }
  return rest_a.empty() != rest_b.empty() ? rest_a.empty() : a < b;
}

std::vector<std::string> expand_files(const CorpusConfig& config) {
  std::vector<std::string> paths;
  for (const std::string& pattern : config.files) {
    const std::vector<std::string> matches = matches_of(pattern, config.is_no_input);
    paths.insert(paths.end(), matches.begin(), matches.end());
  }
  refuse_same_files(paths);
  return paths;
}

}  // namespace kith::corpus
