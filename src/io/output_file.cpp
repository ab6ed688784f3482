#include "kith/io/output_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <tuple>
#include <utility>

#include "kith/comm/agree.hpp"
#include "kith/comm/same_call.hpp"
#include "kith/core/error.hpp"
#include "kith/io/files.hpp"

#include "io/descriptor.hpp"
#include "io/hdf5_support.hpp"

namespace kith::io {
namespace {

constexpr hsize_t kAlignedBytes = 64 << 10;  // datasets from this size on begin on a page
constexpr hsize_t kPageBytes = 4096;
constexpr Count kMetadataBytes = 256 << 10;  // room for headers that closing may still write

struct OpenDataset {
  Dataset dataset;
  std::optional<ElementType> type;  // none: strings
  Count element_bytes = 0;
  std::vector<Count> shape;

  [[nodiscard]] Count row_bytes() const { return row_size_of(shape) * element_bytes; }
  [[nodiscard]] Count num_bytes() const {
    return row_bytes() * (shape.empty() ? 1 : shape.front());
  }
};

File create_file(const comm::Communicator& comm, const std::string& path) {
  const Properties access{H5Pcreate(H5P_FILE_ACCESS)};
  H5Pset_fapl_mpio(access.id(), comm.raw(), MPI_INFO_NULL);
  H5Pset_libver_bounds(access.id(), H5F_LIBVER_EARLIEST, H5F_LIBVER_V18);
  H5Pset_alignment(access.id(), kAlignedBytes, kPageBytes);
  File file{H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access.id())};
  if (file.is_null()) {
    fail_hdf5(path, "", "cannot be created");
  }
  return file;
}

/// Contiguous, all of it allocated at once, never filled, without the time of its making.
Properties dataset_properties() {
  Properties properties{H5Pcreate(H5P_DATASET_CREATE)};
  H5Pset_layout(properties.id(), H5D_CONTIGUOUS);
  H5Pset_alloc_time(properties.id(), H5D_ALLOC_TIME_EARLY);
  H5Pset_fill_time(properties.id(), H5D_FILL_TIME_NEVER);
  H5Pset_obj_track_times(properties.id(), false);
  return properties;
}

Properties link_properties() {
  Properties properties{H5Pcreate(H5P_LINK_CREATE)};
  H5Pset_create_intermediate_group(properties.id(), 1);
  return properties;
}

}  // namespace

class OutputFile::Body {
 public:
  Body(const comm::Communicator& owner, std::string final_path)
      : comm{&owner}, path{std::move(final_path)}, part{part_path(path)} {}

  void create_dataset(const std::string& name, const Datatype& type, OpenDataset dataset);
  void write_raw(const std::string& name, OpenDataset& to, std::span<const std::byte> rows,
                 Count first_row) const;
  void set_attribute(const std::string& object, const std::string& name, const Datatype& type,
                     const Dataspace& space, const void* value) const;
  void reserve(Count offset, Count bytes, const std::string& name) const;
  [[noreturn]] void fail_write(const std::string& name) const;
  OpenDataset& find(const std::string& name);
  void close();

  const comm::Communicator* comm;
  std::string path;
  std::string part;
  Descriptor descriptor;  // rank 0's, to reserve room
  File file;
  std::map<std::string, OpenDataset> datasets;
  bool is_finished = false;
};

/// Takes disk blocks now, because MPI-IO would not say later why a write failed.
void OutputFile::Body::reserve(Count offset, Count bytes, const std::string& name) const {
  const std::string place = name.empty() ? path : path + ": " + name;
  if (offset + bytes > file_size_limit()) {
    errno = EFBIG;
    fail_errno(place);
  }
  int status = -1;
  do {
    status = bytes > 0 ? ::fallocate(descriptor.raw(), FALLOC_FL_KEEP_SIZE, offset, bytes) : 0;
  } while (status != 0 && errno == EINTR);
  if (status != 0 && (errno == ENOSPC || errno == EFBIG || errno == EDQUOT || errno == EIO)) {
    fail_errno(place);  // other errors: this file system cannot reserve
  }
}

void OutputFile::Body::fail_write(const std::string& name) const {
  const std::string reason = innermost_error();
  if (free_bytes(directory_of(path)) < kMetadataBytes) {
    errno = ENOSPC;
    fail_errno(path + ": " + name);
  }
  fail("{}: {}: cannot be written (HDF5: {})", path, name, reason);
}

void OutputFile::Body::create_dataset(const std::string& name, const Datatype& type,
                                      OpenDataset dataset) {
  comm::expect_same_call(*comm, {"OutputFile::create_dataset", Where::here(), dataset.element_bytes,
                                 dataset.num_bytes() / std::max<Count>(1, dataset.element_bytes)});
  comm::locally(*comm, [&] {
    const std::vector<hsize_t> sizes = to_hsizes(dataset.shape);
    const Dataspace space{H5Screate_simple(static_cast<int>(sizes.size()), sizes.data(), nullptr)};
    dataset.dataset =
        Dataset{H5Dcreate2(file.id(), name.c_str(), type.id(), space.id(), link_properties().id(),
                           dataset_properties().id(), H5P_DEFAULT)};
    if (dataset.dataset.is_null()) {
      fail_hdf5(path, name, "cannot be created");
    }
    if (comm->is_root() && dataset.num_bytes() > 0) {
      reserve(static_cast<Count>(H5Dget_offset(dataset.dataset.id())), dataset.num_bytes(), name);
    }
  });
  datasets.insert_or_assign(name, std::move(dataset));
}

OpenDataset& OutputFile::Body::find(const std::string& name) {
  const auto found = datasets.find(name);
  if (found == datasets.end()) {
    fail("{}: {}: was not made before it is written", path, name);
  }
  return found->second;
}

void OutputFile::Body::write_raw(const std::string& name, OpenDataset& to,
                                 std::span<const std::byte> rows, Count first_row) const {
  const Count row_bytes = to.row_bytes();
  if (rows.empty()) {
    return;
  }
  const Count num_rows = count_of(rows) / std::max<Count>(1, row_bytes);
  if (num_rows * row_bytes != count_of(rows) || first_row < 0 ||
      first_row + num_rows > to.shape.front()) {
    fail("{}: {}: {} bytes from row {} on do not fit into {} rows of {} bytes", path, name,
         rows.size(), first_row, to.shape.front(), row_bytes);
  }
  const Datatype type = to.type ? native_type(*to.type) : Datatype{H5Dget_type(to.dataset.id())};
  const Count step = rows_per_transfer(row_bytes);
  for (Count done = 0; done < num_rows; done += step) {
    const Count now = std::min(step, num_rows - done);
    const RowSelection selected = select_rows(to.dataset.id(), to.shape, first_row + done, now);
    if (H5Dwrite(to.dataset.id(), type.id(), selected.memory.id(), selected.file.id(), H5P_DEFAULT,
                 rows.data() + done * row_bytes) < 0) {
      fail_write(name);
    }
  }
}

void OutputFile::Body::set_attribute(const std::string& object, const std::string& name,
                                     const Datatype& type, const Dataspace& space,
                                     const void* value) const {
  comm::locally(*comm, [&] {
    const Attribute attribute{H5Acreate_by_name(file.id(), object.c_str(), name.c_str(), type.id(),
                                                space.id(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT)};
    if (attribute.is_null() || H5Awrite(attribute.id(), type.id(), value) < 0) {
      fail_hdf5(path, object + "@" + name, "cannot be written");
    }
  });
}

void OutputFile::Body::close() {
  for (auto& [name, open] : datasets) {
    if (!open.dataset.close()) {
      fail_write(name);
    }
  }
  datasets.clear();
  if (!file.close()) {
    fail_hdf5(path, "", "cannot be closed");
  }
}

OutputFile OutputFile::create(const comm::Communicator& comm, const std::string& path) {
  silence_hdf5();
  ignore_file_size_signal();
  OutputFile created{std::make_unique<Body>(comm, path)};
  Body& body = *created.body_;
  comm::on_root(comm, [&] {
    body.descriptor = Descriptor::open(body.part, O_RDWR | O_CREAT | O_TRUNC);
    body.reserve(0, kMetadataBytes, "");
  });
  comm::locally(comm, [&] { body.file = create_file(comm, body.part); });
  return created;
}

OutputFile::OutputFile(std::unique_ptr<Body> body) : body_{std::move(body)} {
}
OutputFile::OutputFile(OutputFile&&) noexcept = default;
OutputFile& OutputFile::operator=(OutputFile&& other) noexcept {
  std::swap(body_, other.body_);
  return *this;
}

OutputFile::~OutputFile() {
  if (!body_ || body_->is_finished) {
    return;
  }
  // Closing is collective, and another rank may not be here: HDF5 closes what is left, without a
  // name, in MPI_Finalize.
  if (is_root() && body_->descriptor.raw() >= 0) {
    ::unlink(body_->part.c_str());
    std::ignore = ::ftruncate(body_->descriptor.raw(), 0);
  }
  for (auto& [name, open] : body_->datasets) {
    (void)open.dataset.release();
  }
  (void)body_->file.release();
}

const std::string& OutputFile::path() const {
  return body_->path;
}

bool OutputFile::is_root() const {
  return body_->comm->is_root();
}

void OutputFile::create_dataset(const std::string& name, ElementType type,
                                const std::vector<Count>& shape) {
  body_->create_dataset(name, native_type(type), {{}, type, element_bytes(type), shape});
}

void OutputFile::write_raw(const std::string& name, ElementType type,
                           std::span<const std::byte> rows, Count first_row) {
  OpenDataset& to = body_->find(name);
  if (to.type != type) {
    fail("{}: {}: rows of {} for a dataset of {}", body_->path, name, to_string(type),
         to.type ? to_string(*to.type) : "strings");
  }
  body_->write_raw(name, to, rows, first_row);
}

void OutputFile::write_rows(const std::string& name, ElementType type,
                            std::span<const std::byte> mine, Count first_row,
                            const std::vector<Count>& shape_of_whole) {
  create_dataset(name, type, shape_of_whole);
  comm::locally(*body_->comm, [&] { write_raw(name, type, mine, first_row); });
}

void OutputFile::write_strings(const std::string& name, const std::vector<std::string>& strings) {
  create_strings(name, static_cast<Count>(longest(strings)), count_of(strings));
  comm::on_root(*body_->comm, [&] { write_string_block(name, strings, 0); });
}

void OutputFile::create_strings(const std::string& name, Count num_bytes, Count count) {
  const Count length = std::max<Count>(1, num_bytes);
  body_->create_dataset(name, fixed_string_type(to_size(length)),
                        {{}, std::nullopt, length, {count}});
}

void OutputFile::write_string_block(const std::string& name,
                                    const std::vector<std::string>& strings, Count first_row) {
  OpenDataset& to = body_->find(name);
  const std::string bytes = padded(strings, to_size(to.element_bytes));
  body_->write_raw(name, to, std::as_bytes(std::span{bytes}), first_row);
}

void OutputFile::set_attribute(const std::string& object, const std::string& name,
                               std::int64_t value) {
  body_->set_attribute(object, name, native_type(ElementType::i64),
                       Dataspace{H5Screate(H5S_SCALAR)}, &value);
}

void OutputFile::set_attribute(const std::string& object, const std::string& name, double value) {
  body_->set_attribute(object, name, native_type(ElementType::f64),
                       Dataspace{H5Screate(H5S_SCALAR)}, &value);
}

void OutputFile::set_attribute(const std::string& object, const std::string& name,
                               const std::string& value) {
  const std::string bytes = value.empty() ? std::string(1, '\0') : value;
  body_->set_attribute(object, name, fixed_string_type(bytes.size()),
                       Dataspace{H5Screate(H5S_SCALAR)}, bytes.data());
}

void OutputFile::set_attribute(const std::string& object, const std::string& name,
                               const std::vector<std::string>& values) {
  const std::size_t length = std::max<std::size_t>(1, longest(values));
  const std::string bytes = padded(values, length);
  const hsize_t size = values.size();
  body_->set_attribute(object, name, fixed_string_type(length),
                       Dataspace{H5Screate_simple(1, &size, nullptr)}, bytes.data());
}

void OutputFile::commit() {
  comm::locally(*body_->comm, [&] {
    hsize_t bytes = 0;
    if (is_root() && H5Fget_filesize(body_->file.id(), &bytes) >= 0) {
      body_->reserve(static_cast<Count>(bytes), kMetadataBytes, "");
    }
  });
  comm::locally(*body_->comm, [&] { body_->close(); });
  // Each node may hold written pages of its own.
  comm::locally(*body_->comm, [&] {
    if (::fsync(Descriptor::open(body_->part, O_RDWR).raw()) != 0) {
      fail_errno(body_->path);
    }
  });
  comm::on_root(*body_->comm, [&] { publish_file(body_->part, body_->path); });
  body_->is_finished = true;
}

void OutputFile::discard() {
  comm::on_root(*body_->comm, [&] {
    ::unlink(body_->part.c_str());
    std::ignore = ::ftruncate(body_->descriptor.raw(), 0);
  });
  comm::locally(*body_->comm, [&] { body_->close(); });
  body_->is_finished = true;
}

}  // namespace kith::io
