#include "corpus/seed_file.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string_view>

#include "kith/core/class_table.hpp"
#include "kith/core/error.hpp"
#include "kith/core/quote.hpp"
#include "kith/io/csv.hpp"
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

void check_weight(float weight, const std::string& place) {
  if (!std::isfinite(weight) || weight <= 0) {
    fail("{}: weight {}, expected a positive number", place, weight);
  }
}

float parse_weight(std::string_view text, const std::string& place) {
  const auto weight = parse<float>(text);
  if (!weight) {
    fail("{}: weight \"{}\", expected a positive number", place, quote(text));
  }
  check_weight(*weight, place);
  return *weight;
}

std::uint64_t parse_row(std::string_view text, const std::string& place) {
  const std::optional<Count> row = whole_number(text);
  if (!row) {
    fail("{}: row \"{}\" is not a whole number", place, quote(text));
  }
  return static_cast<std::uint64_t>(*row);
}

std::uint64_t parse_id(std::string_view text, bool is_signed, const std::string& place) {
  if (is_signed) {
    if (const auto id = parse<std::int64_t>(text)) {
      return static_cast<std::uint64_t>(*id);
    }
  } else if (const auto id = parse<std::uint64_t>(text)) {
    return *id;
  }
  fail("{}: id \"{}\" is not a whole number{}", place, quote(text),
       is_signed ? "" : " of 0 to 18446744073709551615");
}

void check_ids(const std::string& path, bool has_ids,
               const std::optional<io::ElementType>& id_type) {
  if (has_ids && !id_type) {
    fail("{}: names seeds by id, but the corpus has no ids; use row numbers", path);
  }
}

SeedFile read_csv(const std::string& path, const std::optional<io::ElementType>& id_type,
                  const ClassTable& classes) {
  io::CsvReader csv{io::TextFile{path}, "row,label or id,label, then ,weight if any"};
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
  check_ids(path, seeds.has_ids, id_type);
  while (csv.next_row()) {
    const std::string place = csv.place();
    const std::string_view key = csv.cell(key_column);
    SeedEntry entry{seeds.has_ids ? parse_id(key, io::is_signed_integer(*id_type), place)
                                  : parse_row(key, place),
                    classes.find(csv.cell(label_column), place), 1, csv.line_number()};
    if (weight_column) {
      entry.weight = parse_weight(csv.cell(*weight_column), place);
    }
    seeds.entries.push_back(entry);
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
