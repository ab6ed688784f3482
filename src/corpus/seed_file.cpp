#include "corpus/seed_file.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "kith/core/class_table.hpp"
#include "kith/core/error.hpp"
#include "kith/core/numbers.hpp"
#include "kith/core/quote.hpp"
#include "kith/corpus/ids.hpp"
#include "kith/corpus/labels.hpp"
#include "kith/io/csv.hpp"
#include "kith/io/input_file.hpp"
#include "kith/io/storage.hpp"

namespace kith::corpus {
namespace {

constexpr const char* kSeedDataset = "/seeds";

float check_weight(double weight, std::string_view text, const std::string& place) {
  if (!kSeedWeights.contains(weight)) {
    fail("{}: weight {}, expected {}", place, quote(text), kSeedWeights.text());
  }
  return static_cast<float>(weight);
}

float parse_weight(std::string_view text, const std::string& place) {
  const auto weight = parse_number<double>(text);
  if (!weight) {
    fail("{}: weight \"{}\", expected a number in {}", place, quote(text), kSeedWeights.text());
  }
  return check_weight(*weight, text, place);
}

GlobalId parse_row(std::string_view text, const std::string& place) {
  const std::optional<Count> row = whole_number(text);
  if (!row) {
    fail("{}: row \"{}\" is not a whole number", place, quote(text));
  }
  if (*row < 0) {
    fail("{}: row {}, expected 0 or more", place, *row);
  }
  return GlobalId{*row};
}

Hash128 parse_id(IdKind kind, const std::string& text, const std::string& place) {
  const auto id = hash_of_id(kind, text);
  if (!id) {
    fail("{}: id \"{}\" is not a whole number{}", place, quote(text),
         kind == IdKind::signed_integer ? "" : " of 0 to 18446744073709551615");
  }
  return *id;
}

/// Adds a seed; key: its row or id as text. The label is looked up by the caller.
void append_entry(SeedFile& seeds, IdKind id_kind, const std::string& key, SeedEntry entry,
                  const std::string& place) {
  if (seeds.has_ids) {
    entry.id = parse_id(id_kind, key, place);
    seeds.id_texts.push_back(key);
  } else {
    entry.row = parse_row(key, place);
  }
  seeds.entries.push_back(entry);
}

void check_ids(const std::string& path, bool has_ids, IdKind id_kind) {
  if (has_ids && id_kind == IdKind::none) {
    fail("{}: names seeds by id, but the corpus has no ids; use row numbers", path);
  }
}

SeedFile read_csv(const std::string& path, IdKind id_kind, const ClassTable& classes) {
  io::CsvReader csv{io::TextFile{path}, "row,label or id,label"};
  const auto id_column = csv.find_column("id");
  if (id_column && csv.find_column("row")) {
    fail("{}: has a column row and a column id, expected one of them to say which item is meant",
         csv.place());
  }
  const std::size_t key_column = id_column ? *id_column : csv.require_column("row");
  const std::size_t label_column = csv.require_column("label");
  const auto weight_column = csv.find_column("weight");
  SeedFile seeds;
  seeds.has_ids = id_column.has_value();
  check_ids(path, seeds.has_ids, id_kind);
  while (csv.next_row()) {
    const std::string place = csv.place();
    SeedEntry entry{{}, {}, classes.find(csv.cell(label_column), place), 1, csv.line_number()};
    if (weight_column) {
      entry.weight = parse_weight(csv.cell(*weight_column), place);
    }
    append_entry(seeds, id_kind, std::string{csv.cell(key_column)}, entry, place);
  }
  return seeds;
}

template <class T>
std::vector<std::string> texts_of(const std::vector<T>& numbers) {
  std::vector<std::string> texts;
  for (const T number : numbers) {
    texts.push_back(std::to_string(number));
  }
  return texts;
}

/// Codes of classes, or their names.
std::vector<Count> read_labels(const io::InputFile& file, const std::string& path,
                               const ClassTable& classes) {
  const bool has_names = file.describe_field(kSeedDataset, "label").has_strings;
  const auto names =
      has_names ? file.read_field_strings(kSeedDataset, "label") : std::vector<std::string>{};
  auto labels = has_names ? std::vector<Count>(names.size())
                          : file.read_field<std::int64_t>(kSeedDataset, "label");
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const std::string place = place_of(path, true, static_cast<Count>(i));
    labels[i] = has_names ? classes.find(names[i], place) : classes.checked(labels[i], place);
  }
  return labels;
}

/// A field of integers or strings, as text.
std::vector<std::string> field_texts(const io::InputFile& file, const std::string& field) {
  const io::DatasetInfo info = file.describe_field(kSeedDataset, field);
  if (info.has_strings) {
    return file.read_field_strings(kSeedDataset, field);
  }
  return info.type == io::ElementType::u64
             ? texts_of(file.read_field<std::uint64_t>(kSeedDataset, field))
             : texts_of(file.read_field<std::int64_t>(kSeedDataset, field));
}

/// What is not there would read as class 0 of row 0.
void require_written(const std::string& path) {
  const io::Storage storage =
      io::describe_storage(path, std::array{std::string{kSeedDataset}}).front();
  if (storage.unwritten) {
    fail("{}: {}: {} never written and would read as 0; write them", path, kSeedDataset,
         *storage.unwritten);
  }
}

SeedFile read_hdf5(const std::string& path, IdKind id_kind, const ClassTable& classes) {
  const io::InputFile file{path};
  const std::vector<std::string> fields = file.fields(kSeedDataset);
  require_written(path);
  const auto has = [&](const char* field) {
    return std::find(fields.begin(), fields.end(), field) != fields.end();
  };
  SeedFile seeds;
  seeds.is_hdf5 = true;
  seeds.has_ids = !has("row");
  const auto keys = field_texts(file, seeds.has_ids ? "id" : "row");
  check_ids(path, seeds.has_ids, id_kind);
  const std::vector<Count> labels = read_labels(file, path, classes);
  const auto weights = has("weight") ? file.read_field<float>(kSeedDataset, "weight")
                                     : std::vector<float>(keys.size(), 1.0F);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const std::string place = place_of(path, true, static_cast<Count>(i));
    (void)check_weight(weights[i], fmt::format("{}", weights[i]), place);
    append_entry(seeds, id_kind, keys[i], {{}, {}, labels[i], weights[i], static_cast<Count>(i)},
                 place);
  }
  return seeds;
}

}  // namespace

std::string place_of(const std::string& path, bool is_hdf5, Count line) {
  return is_hdf5 ? fmt::format("{}: {}: row {}", path, kSeedDataset, line)
                 : fmt::format("{}: line {}", path, line);
}

SeedFile read_seed_file(const std::string& path, IdKind id_kind,
                        const std::vector<std::string>& class_names) {
  const ClassTable classes{class_names};
  const bool is_hdf5 = path.ends_with(".h5") || path.ends_with(".hdf5");
  return is_hdf5 ? read_hdf5(path, id_kind, classes) : read_csv(path, id_kind, classes);
}

}  // namespace kith::corpus
