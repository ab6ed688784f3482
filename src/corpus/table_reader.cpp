#include "corpus/table_reader.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "kith/core/error.hpp"
#include "kith/core/quote.hpp"
#include "kith/io/csv.hpp"
#include "kith/io/input_file.hpp"
#include "kith/io/storage.hpp"

namespace kith::corpus {
namespace {

class CsvTable : public TableReader {
 public:
  CsvTable(const std::string& path, const std::string& expected)
      : path_{path}, csv_{io::TextFile{path}, expected} {}

  [[nodiscard]] std::optional<std::size_t> find_column(std::string_view name) override {
    return csv_.find_column(name);
  }
  [[nodiscard]] std::size_t require_column(std::string_view name) override {
    return csv_.require_column(name);
  }
  bool next_row() override { return csv_.next_row(); }
  [[nodiscard]] std::string_view cell(std::size_t column) const override {
    return csv_.cell(column);
  }
  [[nodiscard]] Count row_number() const override { return csv_.line_number(); }
  [[nodiscard]] std::string place_of(Count row_number) const override {
    return fmt::format("{}: line {}", quote(path_), row_number);
  }

 private:
  std::string path_;
  io::CsvReader csv_;
};

using Field = std::variant<std::vector<std::string>, std::vector<std::int64_t>,
                           std::vector<std::uint64_t>, std::vector<double>>;

Field read_field(const io::InputFile& file, const std::string& dataset, const std::string& name) {
  const io::DatasetInfo info = file.describe_field(dataset, name);
  if (!info.members.empty()) {
    fail("{}: {}: its field {} is an enumeration, expected names as strings, or numbers",
         file.path(), quote(dataset), quote(name));
  }
  if (info.has_strings) {
    return file.read_field_strings(dataset, name);
  }
  if (info.type && io::is_float(*info.type)) {
    return file.read_field<double>(dataset, name);
  }
  if (info.type == io::ElementType::u64) {
    return file.read_field<std::uint64_t>(dataset, name);
  }
  return file.read_field<std::int64_t>(dataset, name);
}

std::string text_of(const std::string& value) {
  return value;
}

template <class Number>
std::string text_of(Number value) {
  if constexpr (std::is_floating_point_v<Number>) {
    if (std::isnan(value)) {
      return {};
    }
  }
  return fmt::format("{}", value);
}

class RecordTable : public TableReader {
 public:
  RecordTable(const std::string& path, std::string dataset, std::string expected)
      : path_{path}, dataset_{std::move(dataset)}, expected_{std::move(expected)} {
    const io::InputFile file{path};
    names_ = file.fields(dataset_);
    const io::Storage storage = io::describe_storage(path, std::array{dataset_}).front();
    if (storage.unwritten) {
      fail("{}: {}: {} never written and would read as 0; write them", path, quote(dataset_),
           *storage.unwritten);
    }
    const std::vector<Count> shape = file.describe(dataset_).shape;
    if (shape.size() != 1) {
      fail("{}: {}: has {} axes, expected one of records", path, quote(dataset_), shape.size());
    }
    num_rows_ = shape.front();
    fields_.resize(names_.size());
    cells_.resize(names_.size());
  }

  [[nodiscard]] std::optional<std::size_t> find_column(std::string_view name) override {
    const auto found = std::find(names_.begin(), names_.end(), name);
    if (found == names_.end()) {
      return std::nullopt;
    }
    const auto column = to_size(found - names_.begin());
    fields_[column] = read_field(io::InputFile{path_}, dataset_, *found);
    return column;
  }
  [[nodiscard]] std::size_t require_column(std::string_view name) override {
    const std::optional<std::size_t> found = find_column(name);
    if (!found) {
      fail("{}: {}: has no field {}, expected {}", path_, quote(dataset_), name, expected_);
    }
    return *found;
  }
  bool next_row() override {
    if (++row_ >= num_rows_) {
      return false;
    }
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      std::visit(
          [&](const auto& values) {
            if (!values.empty()) {
              cells_[i] = text_of(values[to_size(row_)]);
            }
          },
          fields_[i]);
    }
    return true;
  }
  [[nodiscard]] std::string_view cell(std::size_t column) const override { return cells_[column]; }
  [[nodiscard]] Count row_number() const override { return row_; }
  [[nodiscard]] std::string place_of(Count row_number) const override {
    return row_number < 0 || num_rows_ == 0
               ? fmt::format("{}: {}", path_, quote(dataset_))
               : fmt::format("{}: {}: row {}", path_, quote(dataset_), row_number);
  }

 private:
  std::string path_;
  std::string dataset_;
  std::string expected_;
  std::vector<std::string> names_;
  std::vector<Field> fields_;  // empty where nobody asked for it
  std::vector<std::string> cells_;
  Count num_rows_ = 0;
  Count row_ = -1;
};

}  // namespace

std::unique_ptr<TableReader> open_table(const std::string& path, const std::string& dataset,
                                        const std::string& expected) {
  if (path.ends_with(".h5") || path.ends_with(".hdf5")) {
    return std::make_unique<RecordTable>(path, dataset, expected);
  }
  return std::make_unique<CsvTable>(path, expected);
}

}  // namespace kith::corpus
