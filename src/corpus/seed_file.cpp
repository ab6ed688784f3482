#include "corpus/seed_file.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string_view>
#include <unordered_map>

#include "kith/core/error.hpp"
#include "kith/io/files.hpp"
#include "kith/io/input_file.hpp"

namespace kith::corpus {
namespace {

constexpr const char* kSeedDataset = "/seeds";

template <class T>
std::optional<T> parse(std::string_view text) {
  T value{};
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool is_whole = status == std::errc{} && end == text.data() + text.size();
  return is_whole ? std::optional{value} : std::nullopt;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r");
  return first == std::string_view::npos
             ? std::string_view{}
             : text.substr(first, text.find_last_not_of(" \t\r") + 1 - first);
}

/// One line of CSV; a cell in double quotes may hold commas, and "" for one quote.
std::vector<std::string> split_line(std::string_view line) {
  std::vector<std::string> cells(1);
  bool is_quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '"') {
      if (is_quoted && i + 1 < line.size() && line[i + 1] == '"') {
        cells.back() += '"';
        ++i;
      } else {
        is_quoted = !is_quoted;
      }
    } else if (line[i] == ',' && !is_quoted) {
      cells.emplace_back();
    } else {
      cells.back() += line[i];
    }
  }
  for (std::string& cell : cells) {
    cell = std::string{trimmed(cell)};
  }
  return cells;
}

/// Class names to numbers.
class ClassTable {
 public:
  explicit ClassTable(const std::vector<std::string>& names) : num_{count_of(names)} {
    for (std::size_t i = 0; i < names.size(); ++i) {
      numbers_.emplace(names[i], static_cast<Count>(i));
    }
  }

  [[nodiscard]] Count find(const std::string& text, const std::string& place) const {
    if (const auto found = numbers_.find(text); found != numbers_.end()) {
      return found->second;
    }
    const auto number = parse<Count>(text);
    if (!number) {
      fail("{}: class \"{}\" is not known; expected {}", place, text,
           num_ == 0 ? std::string{"a number, because the classes have no names"}
                     : fmt::format("one of the {} class names or a number", num_));
    }
    return checked(*number, place);
  }

  [[nodiscard]] Count checked(Count number, const std::string& place) const {
    if (number < 0 || (num_ > 0 && number >= num_)) {
      fail("{}: label {}, expected {}", place, number,
           num_ > 0 ? fmt::format("0 to {}", num_ - 1) : "0 or more");
    }
    return number;
  }

 private:
  Count num_;
  std::unordered_map<std::string, Count> numbers_;
};

void check_weight(float weight, const std::string& place) {
  if (!std::isfinite(weight) || weight <= 0) {
    fail("{}: weight {}, expected a positive number", place, weight);
  }
}

std::uint64_t parse_key(const std::string& text, bool is_signed, const char* what,
                        const std::string& place) {
  if (is_signed) {
    if (const auto key = parse<std::int64_t>(text)) {
      return static_cast<std::uint64_t>(*key);
    }
  } else if (const auto key = parse<std::uint64_t>(text)) {
    return *key;
  }
  fail("{}: {} \"{}\" is not a whole number{}", place, what, text,
       is_signed ? "" : " of 0 to 18446744073709551615");
}

void check_ids(const std::string& path, bool has_ids,
               const std::optional<io::ElementType>& id_type) {
  if (has_ids && !id_type) {
    fail("{}: names seeds by id, but the corpus has no ids; use row numbers", path);
  }
}

struct Header {
  bool has_ids = false;
  bool has_weight = false;
};

Header parse_header(const std::string& path, std::string_view line) {
  const std::vector<std::string> cells = split_line(line);
  Header header;
  header.has_ids = cells[0] == "id";
  header.has_weight = cells.size() == 3;
  const bool is_right = (cells[0] == "row" || header.has_ids) &&
                        (cells.size() == 2 || cells.size() == 3) && cells[1] == "label" &&
                        (cells.size() == 2 || cells[2] == "weight");
  if (!is_right) {
    fail("{}: line 1: header \"{}\", expected row,label or id,label, then ,weight if any", path,
         trimmed(line));
  }
  return header;
}

SeedFile read_csv(const std::string& path, const std::optional<io::ElementType>& id_type,
                  const ClassTable& classes) {
  const std::string text = io::read_file(path);
  std::string_view rest = text;
  if (rest.starts_with("\xEF\xBB\xBF")) {  // a byte order mark, as spreadsheets write it
    rest.remove_prefix(3);
  }
  SeedFile seeds;
  std::optional<Header> header;
  for (Count line = 1; !rest.empty(); ++line) {
    const std::string_view row = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(row.size() + 1, rest.size()));
    if (!header) {
      header = parse_header(path, row);
      seeds.has_ids = header->has_ids;
      check_ids(path, seeds.has_ids, id_type);
    } else if (!trimmed(row).empty()) {
      const std::string place = place_of(path, false, line);
      const std::vector<std::string> cells = split_line(row);
      if (cells.size() != (header->has_weight ? 3U : 2U)) {
        fail("{}: has {} of {} cells", place, cells.size(), header->has_weight ? 3 : 2);
      }
      const bool is_signed = !seeds.has_ids || io::is_signed_integer(*id_type);
      SeedEntry entry{parse_key(cells[0], is_signed, seeds.has_ids ? "id" : "row", place),
                      classes.find(cells[1], place), 1, line};
      if (header->has_weight) {
        entry.weight = parse<float>(cells[2]).value_or(NAN);
        check_weight(entry.weight, place);
      }
      seeds.entries.push_back(entry);
    }
  }
  if (!header) {
    fail("{}: is empty, expected the header row,label or id,label", path);
  }
  return seeds;
}

std::vector<std::uint64_t> read_keys(const io::InputFile& file, const std::string& field) {
  const auto type = file.describe_field(kSeedDataset, field).type;
  if (type && !io::is_signed_integer(*type)) {
    return file.read_field<std::uint64_t>(kSeedDataset, field);
  }
  const auto keys = file.read_field<std::int64_t>(kSeedDataset, field);
  return {keys.begin(), keys.end()};
}

SeedFile read_hdf5(const std::string& path, const std::optional<io::ElementType>& id_type,
                   const ClassTable& classes) {
  const io::InputFile file{path};
  if (!file.has(kSeedDataset)) {
    fail("{}: has no dataset {}; it has: {}", path, kSeedDataset,
         fmt::join(file.children("/"), ", "));
  }
  const std::vector<std::string> fields = file.fields(kSeedDataset);
  const auto has = [&](const char* field) {
    return std::find(fields.begin(), fields.end(), field) != fields.end();
  };
  SeedFile seeds;
  seeds.is_hdf5 = true;
  seeds.has_ids = !has("row");
  const auto keys = read_keys(file, seeds.has_ids ? "id" : "row");
  check_ids(path, seeds.has_ids, id_type);
  const auto labels = file.read_field<std::int64_t>(kSeedDataset, "label");
  const auto weights = has("weight") ? file.read_field<float>(kSeedDataset, "weight")
                                     : std::vector<float>(keys.size(), 1.0F);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const std::string place = place_of(path, true, static_cast<Count>(i));
    check_weight(weights[i], place);
    seeds.entries.push_back(
        {keys[i], classes.checked(labels[i], place), weights[i], static_cast<Count>(i)});
  }
  return seeds;
}

}  // namespace

std::string place_of(const std::string& path, bool is_hdf5, Count line) {
  return is_hdf5 ? fmt::format("{}: {}: row {}", path, kSeedDataset, line)
                 : fmt::format("{}: line {}", path, line);
}

SeedFile read_seed_file(const std::string& path, const std::optional<io::ElementType>& id_type,
                        const std::vector<std::string>& class_names) {
  const ClassTable classes{class_names};
  const bool is_hdf5 = path.ends_with(".h5") || path.ends_with(".hdf5");
  return is_hdf5 ? read_hdf5(path, id_type, classes) : read_csv(path, id_type, classes);
}

}  // namespace kith::corpus
