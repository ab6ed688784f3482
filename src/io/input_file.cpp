#include "kith/io/input_file.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "kith/core/error.hpp"
#include "kith/core/quote.hpp"
#include "kith/io/convert.hpp"

#include "io/hdf5_support.hpp"
#include "io/open_hdf5.hpp"
#include "io/read_elements.hpp"

namespace kith::io {
namespace {

constexpr Count kConvertBytes = Count{4} << 20;  // stored bytes held while they are converted

}  // namespace

Count DatasetInfo::row_size() const {
  return row_size_of(shape);
}

class InputFile::Body {
 public:
  explicit Body(std::string file_path) : path{std::move(file_path)}, file{open_file(path)} {}

  /// A dataset stays open until another one is read, so that its chunk cache lives.
  const Dataset& open(const std::string& name) {
    if (!dataset.is_null() && open_name == name) {
      return dataset;
    }
    open_name.clear();
    dataset = open_dataset(file, path, name);
    info = describe_type(Datatype{H5Dget_type(dataset.id())}.id());
    info.shape = checked_shape(dataset, path, name);
    open_name = name;
    return dataset;
  }

  void read_raw(const std::string& name, Count first_row, Count num_rows, std::span<std::byte> out);

  std::string path;
  File file;
  std::string open_name;
  Dataset dataset;
  DatasetInfo info;
};

void InputFile::Body::read_raw(const std::string& name, Count first_row, Count num_rows,
                               std::span<std::byte> out) {
  const Dataset& from = open(name);
  if (!info.type) {
    fail("{}: {}: holds {}, expected numbers", path, name, info.type_name);
  }
  const Count total_rows = info.shape.empty() ? 1 : info.num_rows();
  if (first_row < 0 || num_rows < 0 || first_row + num_rows > total_rows) {
    fail("{}: {}: rows {}..{} were asked for, it has {}", path, name, first_row,
         first_row + num_rows - 1, total_rows);
  }
  const Count row_bytes = info.row_size() * element_bytes(*info.type);
  if (count_of(out) != num_rows * row_bytes) {
    fail("{}: {}: {} rows need {} bytes, not {}", path, name, num_rows, num_rows * row_bytes,
         out.size());
  }
  const Datatype type = native_type(*info.type);
  const Count step = rows_per_transfer(row_bytes);
  for (Count done = 0; done < num_rows && row_bytes > 0; done += step) {
    const Count now = std::min(step, num_rows - done);
    const RowSelection rows = select_rows(from.id(), info.shape, first_row + done, now);
    if (H5Dread(from.id(), type.id(), rows.memory.id(), rows.file.id(), H5P_DEFAULT,
                out.data() + done * row_bytes) < 0) {
      fail_hdf5(
          path, name,
          fmt::format("rows {}..{} cannot be read", first_row + done, first_row + done + now - 1)
              .c_str());
    }
  }
}

InputFile::InputFile(const std::string& path) : body_{std::make_unique<Body>(path)} {
}
InputFile::~InputFile() = default;
InputFile::InputFile(InputFile&&) noexcept = default;
InputFile& InputFile::operator=(InputFile&&) noexcept = default;

const std::string& InputFile::path() const {
  return body_->path;
}

bool InputFile::has(const std::string& name) const {
  std::size_t end = 0;
  while (end != std::string::npos) {  // every group on the way must exist before HDF5 may be asked
    end = name.find('/', end + 1);
    const std::string part = name.substr(0, end);
    if (part.find_first_not_of('/') != std::string::npos &&
        H5Lexists(body_->file.id(), part.c_str(), H5P_DEFAULT) <= 0) {
      return false;
    }
  }
  return true;
}

std::vector<std::string> InputFile::children(const std::string& group) const {
  return children_of(body_->file, body_->path, group);
}

DatasetInfo InputFile::describe(const std::string& dataset) const {
  body_->open(dataset);
  return body_->info;
}

void InputFile::read_raw(const std::string& dataset, Count first_row, Count num_rows,
                         std::span<std::byte> out) const {
  body_->read_raw(dataset, first_row, num_rows, out);
}

template <class T>
void InputFile::read_rows(const std::string& dataset, Count first_row, std::span<T> out) const {
  body_->open(dataset);
  const DatasetInfo& info = body_->info;
  const Count row_size = std::max<Count>(1, info.row_size());
  const Count num_rows = count_of(out) / row_size;
  if (info.type == element_type_of<T>() || !info.type) {
    body_->read_raw(dataset, first_row, num_rows, std::as_writable_bytes(out));
    return;
  }
  const Count row_bytes = row_size * element_bytes(*info.type);
  const Count step = std::max<Count>(1, kConvertBytes / row_bytes);
  std::vector<std::byte> stored;
  for (Count done = 0; done < num_rows; done += step) {
    const Count now = std::min(step, num_rows - done);
    stored.resize(to_size(now * row_bytes));
    body_->read_raw(dataset, first_row + done, now, stored);
    const auto part = out.subspan(to_size(done * row_size), to_size(now * row_size));
    convert_elements<T>(*info.type, stored, part, [&](Count element) {
      return fmt::format("{}: {}: row {}", body_->path, dataset,
                         first_row + done + element / row_size);
    });
  }
}

template <class T>
std::vector<T> InputFile::read_all(const std::string& dataset) const {
  body_->open(dataset);
  const DatasetInfo& info = body_->info;
  const Count num_rows = info.shape.empty() ? 1 : info.num_rows();
  require_memory(body_->path, dataset, info.shape, sizeof(T));
  std::vector<T> values(to_size(num_rows * info.row_size()));
  read_rows<T>(dataset, 0, std::span<T>{values});
  return values;
}

std::vector<std::string> InputFile::read_strings(const std::string& dataset) const {
  const Dataset& from = body_->open(dataset);
  const Datatype stored{H5Dget_type(from.id())};
  const Dataspace space{H5Dget_space(from.id())};
  const auto read = [&](hid_t type, void* out) {
    return H5Dread(from.id(), type, H5S_ALL, H5S_ALL, H5P_DEFAULT, out);
  };
  return read_strings_with({body_->path, dataset}, stored, space, 0, read);
}

std::vector<std::string> InputFile::read_strings(const std::string& dataset, Count first_row,
                                                 Count num_rows) const {
  const Dataset& from = body_->open(dataset);
  const Datatype stored{H5Dget_type(from.id())};
  const RowSelection rows = select_rows(from.id(), body_->info.shape, first_row, num_rows);
  const auto read = [&](hid_t type, void* out) {
    return H5Dread(from.id(), type, rows.memory.id(), rows.file.id(), H5P_DEFAULT, out);
  };
  return read_strings_with({body_->path, dataset}, stored, rows.memory, first_row, read);
}

std::vector<std::string> InputFile::fields(const std::string& dataset) const {
  const Datatype type{H5Dget_type(body_->open(dataset).id())};
  if (H5Tget_class(type.id()) != H5T_COMPOUND) {
    fail("{}: {}: holds {}, expected a compound type", body_->path, quote(dataset),
         body_->info.type_name);
  }
  std::vector<std::string> names;
  for (int i = 0; i < H5Tget_nmembers(type.id()); ++i) {
    char* name = H5Tget_member_name(type.id(), static_cast<unsigned>(i));
    names.emplace_back(name == nullptr ? "" : name);
    H5free_memory(name);
  }
  return names;
}

DatasetInfo InputFile::describe_field(const std::string& dataset, const std::string& field) const {
  const std::vector<std::string> names = fields(dataset);
  const auto found = std::find(names.begin(), names.end(), field);
  if (found == names.end()) {
    fail("{}: {}: has no field {}; it has: {}", body_->path, quote(dataset), quote(field),
         quote(fmt::format("{}", fmt::join(names, ", "))));
  }
  const Datatype type{H5Dget_type(body_->open(dataset).id())};
  const Datatype member{
      H5Tget_member_type(type.id(), static_cast<unsigned>(found - names.begin()))};
  DatasetInfo info = describe_type(member.id());
  info.shape = body_->info.shape;
  return info;
}

template <class T>
std::vector<T> InputFile::read_field(const std::string& dataset, const std::string& field) const {
  const DatasetInfo info = describe_field(dataset, field);
  const std::string place = dataset + "." + field;
  if (!info.type) {
    fail("{}: {}: holds {}, expected numbers", body_->path, place, info.type_name);
  }
  const Count count = info.num_rows() * info.row_size();
  const auto bytes = to_size(element_bytes(*info.type));
  require_memory(body_->path, place, info.shape, static_cast<Count>(bytes + sizeof(T)));
  const Datatype element = native_type(*info.type);
  const Datatype memory{H5Tcreate(H5T_COMPOUND, bytes)};
  H5Tinsert(memory.id(), field.c_str(), 0, element.id());
  std::vector<std::byte> stored(to_size(count) * bytes);
  if (H5Dread(body_->open(dataset).id(), memory.id(), H5S_ALL, H5S_ALL, H5P_DEFAULT,
              stored.data()) < 0) {
    fail_hdf5(body_->path, place, "cannot be read");
  }
  std::vector<T> values(to_size(count));
  convert_elements<T>(*info.type, stored, std::span<T>{values}, [&](Count row) {
    return fmt::format("{}: {}: row {}", body_->path, place, row);
  });
  return values;
}

std::vector<std::string> InputFile::read_field_strings(const std::string& dataset,
                                                       const std::string& field) const {
  const DatasetInfo info = describe_field(dataset, field);
  const Dataset& from = body_->open(dataset);
  const Datatype whole{H5Dget_type(from.id())};
  const int number = H5Tget_member_index(whole.id(), field.c_str());
  const Datatype stored{H5Tget_member_type(whole.id(), static_cast<unsigned>(number))};
  const Dataspace space{H5Dget_space(from.id())};
  const auto read = [&](hid_t type, void* out) {
    const Datatype memory{H5Tcreate(H5T_COMPOUND, H5Tget_size(type))};
    H5Tinsert(memory.id(), field.c_str(), 0, type);
    return H5Dread(from.id(), memory.id(), H5S_ALL, H5S_ALL, H5P_DEFAULT, out);
  };
  return read_strings_with({body_->path, dataset + "." + field}, stored, space, 0, read);
}

bool InputFile::has_attribute(const std::string& object, const std::string& name) const {
  return has(object) &&
         H5Aexists_by_name(body_->file.id(), object.c_str(), name.c_str(), H5P_DEFAULT) > 0;
}

std::vector<std::string> InputFile::attribute_strings(const std::string& object,
                                                      const std::string& name) const {
  const std::string place = object + "@" + name;
  const Attribute attribute{
      H5Aopen_by_name(body_->file.id(), object.c_str(), name.c_str(), H5P_DEFAULT, H5P_DEFAULT)};
  if (attribute.is_null()) {
    fail_hdf5(body_->path, place, "no such attribute");
  }
  const Datatype stored{H5Aget_type(attribute.id())};
  const Dataspace space{H5Aget_space(attribute.id())};
  const auto read = [&](hid_t type, void* out) { return H5Aread(attribute.id(), type, out); };
  return read_strings_with({body_->path, place}, stored, space, 0, read);
}

std::vector<std::int64_t> InputFile::attribute_numbers(const std::string& object,
                                                       const std::string& name) const {
  constexpr hssize_t kMostNumbers = 1000;
  const std::string place = object + "@" + name;
  const Attribute attribute{
      H5Aopen_by_name(body_->file.id(), object.c_str(), name.c_str(), H5P_DEFAULT, H5P_DEFAULT)};
  if (attribute.is_null()) {
    fail_hdf5(body_->path, place, "no such attribute");
  }
  const Datatype stored{H5Aget_type(attribute.id())};
  const Dataspace space{H5Aget_space(attribute.id())};
  const hssize_t size = H5Sget_simple_extent_npoints(space.id());
  const Datatype type = native_type(element_type_of<std::int64_t>());
  std::vector<std::int64_t> numbers(
      static_cast<std::size_t>(std::clamp<hssize_t>(size, 0, kMostNumbers)));
  if (size < 1 || size > kMostNumbers || H5Tget_class(stored.id()) != H5T_INTEGER ||
      H5Aread(attribute.id(), type.id(), numbers.data()) < 0) {
    fail_hdf5(body_->path, place, "is no list of whole numbers");
  }
  return numbers;
}

template <class T>
T InputFile::attribute(const std::string& object, const std::string& name) const {
  const std::string place = object + "@" + name;
  const Attribute attribute{
      H5Aopen_by_name(body_->file.id(), object.c_str(), name.c_str(), H5P_DEFAULT, H5P_DEFAULT)};
  if (attribute.is_null()) {
    fail_hdf5(body_->path, place, "no such attribute");
  }
  const Dataspace space{H5Aget_space(attribute.id())};
  const Datatype type = native_type(element_type_of<T>());
  T value{};
  if (H5Sget_simple_extent_npoints(space.id()) != 1 ||
      H5Aread(attribute.id(), type.id(), &value) < 0) {
    fail_hdf5(body_->path, place, "is not one number");
  }
  return value;
}

template std::int64_t InputFile::attribute<std::int64_t>(const std::string&,
                                                         const std::string&) const;
template double InputFile::attribute<double>(const std::string&, const std::string&) const;

// The types that datasets are read into. No macro would be shorter than it is unclear.
template <class T>
struct Instance {
  static constexpr auto kRows = &InputFile::read_rows<T>;
  static constexpr auto kAll = &InputFile::read_all<T>;
  static constexpr auto kField = &InputFile::read_field<T>;
};
template struct Instance<float>;
template struct Instance<double>;
template struct Instance<std::int8_t>;
template struct Instance<std::uint8_t>;
template struct Instance<std::int16_t>;
template struct Instance<std::uint16_t>;
template struct Instance<std::int32_t>;
template struct Instance<std::uint32_t>;
template struct Instance<std::int64_t>;
template struct Instance<std::uint64_t>;

}  // namespace kith::io
