#include "corpus/class_column.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <unordered_map>

#include "kith/core/error.hpp"
#include "kith/core/quote.hpp"

#include "corpus/column.hpp"

namespace kith::corpus {
namespace {

constexpr double kExactWhole = 0x1p53;          // doubles are whole numbers one by one up to here
constexpr std::int64_t kMostOfMember = 10'000;  // a larger value is no number of a name

using Numbers = std::unordered_map<std::string_view, std::int64_t>;

/// Rows of one file, and how messages name them.
struct Part {
  const io::InputFile* file;
  const std::string* dataset;
  Count first_row;  // in the file
  Count width;

  [[nodiscard]] std::string place_of(std::size_t element) const {
    return fmt::format("{}: {}: row {}", file->path(), *dataset,
                       first_row + static_cast<Count>(element) / width);
  }
};

std::optional<std::int64_t> parse(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool is_whole = status == std::errc{} && end == text.data() + text.size();
  return is_whole ? std::optional{value} : std::nullopt;
}

/// Is a name the number of another class, as "1" of "1", "2", "3"? Then numbers are not understood.
bool are_other_numbers(const FileNames& names) {
  for (Count i = 0; i < names.size(); ++i) {
    const auto number = parse(names[i]);
    if (number && *number != i) {
      return true;
    }
  }
  return false;
}

Numbers number_names(const FileNames& names) {
  Numbers numbers;
  for (Count i = 0; i < names.size(); ++i) {
    numbers.emplace(names[i], i);
  }
  return numbers;
}

void read_floats(const Part& part, std::span<std::int64_t> out) {
  std::vector<double> values(out.size());
  part.file->read_rows<double>(*part.dataset, part.first_row, values);
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (!std::isnan(values[i]) &&
        (std::trunc(values[i]) != values[i] || std::abs(values[i]) > kExactWhole)) {
      fail("{}: {}, expected a whole number, or NaN for none", part.place_of(i), values[i]);
    }
    out[i] = std::isnan(values[i]) ? -1 : static_cast<std::int64_t>(values[i]);
  }
}

/// The number that a text stands for; none if it is no name and no number that may stand for one.
std::optional<std::int64_t> number_of(const Numbers& numbers, bool may_be_number,
                                      const std::string& text) {
  if (text.empty()) {
    return -1;
  }
  const auto named = numbers.find(text);
  if (named != numbers.end()) {
    return named->second;
  }
  return may_be_number ? parse(text) : std::nullopt;
}

void read_texts(const Part& part, const FileNames& names, std::span<std::int64_t> out) {
  const Numbers numbers = number_names(names);
  const bool may_be_number = !are_other_numbers(names);
  const Count step = std::max<Count>(1, kTextBlock / part.width);  // rows
  std::size_t done = 0;
  while (done < out.size()) {
    const Count first = static_cast<Count>(done) / part.width;
    const Count now = std::min(step, count_of(out) / part.width - first);
    for (const std::string& text :
         part.file->read_strings(*part.dataset, part.first_row + first, now)) {
      const auto number = number_of(numbers, may_be_number, text);
      if (!number) {
        fail("{}: \"{}\" is not known, expected one of the {} names, or nothing for none",
             part.place_of(done), quote(text), names.size());
      }
      out[done++] = *number;
    }
  }
}

/// Values of an enumeration become the numbers of its members' names.
void rename_members(const Part& part, const std::vector<io::EnumMember>& members,
                    const FileNames& names, std::span<std::int64_t> values) {
  const Numbers numbers = number_names(names);
  std::unordered_map<std::int64_t, const io::EnumMember*> member_of;
  bool has_names = false;
  for (const io::EnumMember& member : members) {
    member_of.emplace(member.value, &member);
    has_names = has_names || numbers.contains(member.name);
  }
  for (std::size_t i = 0; i < values.size() && has_names; ++i) {
    const auto member = member_of.find(values[i]);
    if (member == member_of.end()) {
      continue;  // -1, or a number beyond the names
    }
    const auto named = numbers.find(member->second->name);
    if (named != numbers.end()) {
      values[i] = named->second;
    } else if (values[i] != -1) {
      fail("{}: \"{}\" is not known, expected one of the {} names, or -1 for none",
           part.place_of(i), quote(member->second->name), names.size());
    }
  }
}

void read_part(const Part& part, const FileNames& names, std::span<std::int64_t> out) {
  const io::DatasetInfo info = part.file->describe(*part.dataset);
  if (info.has_strings) {
    return read_texts(part, names, out);
  }
  if (info.type && io::is_float(*info.type)) {
    return read_floats(part, out);
  }
  part.file->read_rows<std::int64_t>(*part.dataset, part.first_row, out);
  if (!info.members.empty()) {
    rename_members(part, info.members, names, out);
  }
}

}  // namespace

void require_named_values(const io::InputFile& file, const std::string& dataset,
                          const io::DatasetInfo& info) {
  if (!info.type && !info.has_strings) {
    fail("{}: {}: holds {}, expected integers, whole floats, booleans, an enumeration or strings",
         file.path(), quote(dataset), info.type_name);
  }
}

std::vector<std::int64_t> read_named_column(const FileExtent& file, const std::string& dataset,
                                            const FileNames& names, IdRange<GlobalId> rows,
                                            Count width) {
  std::vector<std::int64_t> numbers(to_size(rows.size() * width));
  const io::InputFile input{file.path};
  read_part({&input, &dataset, rows.begin.value() - file.first_row.value(), width}, names, numbers);
  return numbers;
}

std::vector<std::int64_t> read_class_column(const Corpus& corpus, const std::string& dataset,
                                            IdRange<GlobalId> rows) {
  std::vector<std::int64_t> classes;
  classes.reserve(to_size(rows.size()));
  for_each_file(corpus, rows, [&](const FileExtent& file, IdRange<GlobalId> here) {
    const FileNames names = class_names_in(file, corpus);
    const auto codes = read_named_column(file, dataset, names, here);
    for (std::size_t i = 0; i < codes.size(); ++i) {
      if (names.are_own() && codes[i] >= names.size()) {
        const GlobalId row{here.begin.value() + static_cast<Count>(i)};
        fail("{}: label {}, expected 0 to {}, or -1 for none", corpus.place_of(row, dataset),
             codes[i], names.size() - 1);
      }
      classes.push_back(names.in_corpus(codes[i]));
    }
  });
  return classes;
}

std::vector<std::string> names_of_members(const io::DatasetInfo& info) {
  std::vector<std::string> names;
  for (const io::EnumMember& member : info.members) {
    if (member.value < -1 || member.value > kMostOfMember) {
      return {};
    }
    const Count size = std::max(count_of(names), member.value + 1);
    names.resize(to_size(size));
    if (member.value >= 0) {
      names[to_size(member.value)] = member.name;
    }
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i].empty()) {
      names[i] = std::to_string(i);
    }
  }
  const std::set<std::string> distinct(names.begin(), names.end());
  return distinct.size() == names.size() ? names : std::vector<std::string>{};
}

}  // namespace kith::corpus
