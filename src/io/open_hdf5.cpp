#include "io/open_hdf5.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>

#include "kith/core/error.hpp"
#include "kith/core/quote.hpp"

#include "io/descriptor.hpp"
#include "io/stored_values.hpp"

namespace kith::io {
namespace {

constexpr std::size_t kChunkCacheBytes = std::size_t{64} << 20;  // so that a chunk is inflated once
constexpr std::size_t kListedNames = 12;

/// Only a plain file may be asked what it holds: a pipe or a device would never end.
void require_plain_file(const std::string& path) {
  const Descriptor file = Descriptor::open(path, O_RDONLY | O_NONBLOCK);  // the system's own words
  struct stat facts {};
  if (::fstat(file.raw(), &facts) != 0) {
    fail_errno(path);
  }
  if (S_ISDIR(facts.st_mode)) {
    fail("{}: is a directory, expected an HDF5 file", path);
  }
  if (!S_ISREG(facts.st_mode)) {
    fail("{}: is no plain file, expected an HDF5 file", path);
  }
  if (facts.st_size == 0) {
    fail("{}: is empty, expected an HDF5 file", path);
  }
}

std::string listed(const std::vector<std::string>& names) {
  std::string list;
  for (std::size_t i = 0; i < std::min(names.size(), kListedNames); ++i) {
    list += (i == 0 ? "" : ", ") + quote(names[i]);
  }
  if (names.size() > kListedNames) {
    list += fmt::format(" and {} more", names.size() - kListedNames);
  }
  return names.empty() ? "nothing" : list;
}

/// Where a soft or external link points; empty for a hard link.
std::string target_of(const File& file, const std::string& name) {
  H5L_info_t info{};
  if (H5Lget_info(file.id(), name.c_str(), &info, H5P_DEFAULT) < 0 || info.type == H5L_TYPE_HARD) {
    return "";
  }
  std::string value(info.u.val_size + 1, '\0');
  if (H5Lget_val(file.id(), name.c_str(), value.data(), info.u.val_size, H5P_DEFAULT) < 0) {
    return "";
  }
  if (info.type != H5L_TYPE_EXTERNAL) {
    return quote(value.c_str());
  }
  const char* other = nullptr;
  const char* object = nullptr;
  if (H5Lunpack_elink_val(value.data(), info.u.val_size, nullptr, &other, &object) < 0) {
    return "";
  }
  return fmt::format("{} of the file {}", quote(object), quote(other));
}

H5I_type_t kind_of(const File& file, const std::string& name) {
  const Object object{H5Oopen(file.id(), name.c_str(), H5P_DEFAULT)};
  return object.is_null() ? H5I_BADID : H5Iget_type(object.id());
}

/// Throws Error: why there is no dataset of that name.
[[noreturn]] void fail_lookup(const File& file, const std::string& path, const std::string& name) {
  const std::string shown = fmt::format("{}: {}", path, quote(name));
  std::string here;  // the part of the name that is looked at
  std::size_t end = 0;
  while (end < name.size()) {
    const std::size_t begin = name.find_first_not_of('/', end);
    if (begin == std::string::npos) {
      break;
    }
    end = std::min(name.find('/', begin), name.size());
    const std::string group = here.empty() ? "/" : here;
    if (kind_of(file, group) != H5I_GROUP) {
      fail("{}: {} is a dataset, expected a group", shown, quote(group));
    }
    here += "/" + name.substr(begin, end - begin);
    if (H5Lexists(file.id(), here.c_str(), H5P_DEFAULT) <= 0) {
      fail("{}: has no dataset {}; {} has: {}", path, quote(name),
           group == "/" ? "it" : quote(group), listed(children_of(file, path, group)));
    }
    const std::string target = target_of(file, here);
    if (!target.empty() && kind_of(file, here) == H5I_BADID) {
      fail("{}: is a link to {}, which is not there", shown, target);
    }
  }
  const H5I_type_t kind = kind_of(file, here.empty() ? "/" : here);
  if (kind == H5I_GROUP) {
    fail("{}: is a group, expected a dataset; it has: {}", shown,
         listed(children_of(file, path, here.empty() ? "/" : here)));
  }
  if (kind == H5I_DATATYPE) {
    fail("{}: is a type, expected a dataset", shown);
  }
  fail_hdf5(path, name, "cannot be opened");
}

}  // namespace

File open_file(const std::string& path) {
  silence_hdf5();
  require_plain_file(path);
  if (H5Fis_hdf5(path.c_str()) <= 0) {
    fail("{}: is not an HDF5 file", path);
  }
  const Properties access{H5Pcreate(H5P_FILE_ACCESS)};
  H5Pset_file_locking(access.id(), false, true);  // locks fail on many parallel file systems
  File file{H5Fopen(path.c_str(), H5F_ACC_RDONLY, access.id())};
  if (file.is_null() && innermost_error().starts_with("truncated file")) {
    fail("{}: is cut off: it is shorter than its header says", path);
  }
  if (file.is_null()) {
    fail_hdf5(path, "", "cannot be opened");
  }
  return file;
}

Dataset open_dataset(const File& file, const std::string& path, const std::string& name) {
  const Properties access{H5Pcreate(H5P_DATASET_ACCESS)};
  H5Pset_chunk_cache(access.id(), 1009, kChunkCacheBytes, H5D_CHUNK_CACHE_W0_DEFAULT);
  Dataset dataset{H5Dopen2(file.id(), name.c_str(), access.id())};
  if (dataset.is_null()) {
    fail_lookup(file, path, name);
  }
  require_stored_values(dataset, path, name);
  return dataset;
}

std::vector<std::string> children_of(const File& file, const std::string& path,
                                     const std::string& group) {
  constexpr const char* kDamaged = "is damaged: what is in it cannot be listed";
  const Group opened{H5Gopen2(file.id(), group.c_str(), H5P_DEFAULT)};
  H5G_info_t info{};
  if (opened.is_null() || H5Gget_info(opened.id(), &info) < 0) {
    const H5I_type_t kind = kind_of(file, group);
    if (kind == H5I_DATASET) {
      fail("{}: {}: is a dataset, expected a group", path, quote(group));
    }
    if (kind == H5I_GROUP) {  // fail_lookup() would list it
      fail_hdf5(path, group, kDamaged);
    }
    fail_lookup(file, path, group);
  }
  std::vector<std::string> names;
  for (hsize_t i = 0; i < info.nlinks; ++i) {
    const auto name_of = [&](char* text, std::size_t size) {
      return H5Lget_name_by_idx(opened.id(), ".", H5_INDEX_NAME, H5_ITER_INC, i, text, size,
                                H5P_DEFAULT);
    };
    const ssize_t length = name_of(nullptr, 0);
    if (length < 0) {
      fail_hdf5(path, group, kDamaged);
    }
    std::string name(to_size(length), '\0');
    name_of(name.data(), name.size() + 1);
    names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<Count> checked_shape(const Dataset& dataset, const std::string& path,
                                 const std::string& name) {
  const Dataspace space{H5Dget_space(dataset.id())};
  const Datatype type{H5Dget_type(dataset.id())};
  if (H5Sget_simple_extent_type(space.id()) == H5S_NULL) {
    fail("{}: {}: is empty: it was made without a shape", path, quote(name));
  }
  std::vector<hsize_t> sizes(to_size(std::max(0, H5Sget_simple_extent_ndims(space.id()))));
  H5Sget_simple_extent_dims(space.id(), sizes.data(), nullptr);
  auto bytes = static_cast<Count>(std::max<std::size_t>(1, H5Tget_size(type.id())));
  for (const hsize_t size : sizes) {
    if (__builtin_mul_overflow(bytes, std::max<hsize_t>(1, size), &bytes)) {
      fail("{}: {}: has the shape {}, which is too large to be true", path, quote(name),
           fmt::join(sizes, " x "));
    }
  }
  return shape_of(space.id());
}

}  // namespace kith::io
