#include "io/stored_values.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>

#include "kith/core/error.hpp"
#include "kith/core/quote.hpp"

#include "io/descriptor.hpp"

namespace kith::io {
namespace {

/// A filter that files of others may have, by its registered number, and what brings it.
struct KnownFilter {
  H5Z_filter_t number;
  const char* name;
  const char* source;
};

constexpr const char* kOrigin = "${ORIGIN}";
constexpr const char* kPython = "Python's package hdf5plugin";
constexpr const char* kDebian = "Debian's hdf5-filter-plugin or Python's package hdf5plugin";
constexpr std::array kKnownFilters = {
    KnownFilter{H5Z_FILTER_DEFLATE, "gzip", "an HDF5 that is built with zlib"},
    KnownFilter{H5Z_FILTER_SZIP, "szip", "an HDF5 that is built with szip or libaec"},
    KnownFilter{307, "bzip2", kDebian},
    KnownFilter{32000, "lzf", "Debian's hdf5-plugin-lzf"},
    KnownFilter{32001, "blosc",
                "Debian's hdf5-filter-plugin-blosc-serial or Python's package hdf5plugin"},
    KnownFilter{32002, "mafisc", "the filter from its authors"},
    KnownFilter{32003, "snappy", "the filter from its authors"},
    KnownFilter{32004, "lz4", kDebian},
    KnownFilter{32008, "bitshuffle", kDebian},
    KnownFilter{32013, "zfp",
                "Debian's hdf5-filter-plugin-zfp-serial or Python's package hdf5plugin"},
    KnownFilter{32015, "zstd", kPython},
    KnownFilter{32017, "sz", kPython},
    KnownFilter{32024, "sz3", kPython},
    KnownFilter{32026, "blosc2", kPython},
};

[[noreturn]] void fail_filter(const std::string& place, H5Z_filter_t number,
                              const char* stored_name) {
  const auto* known =
      std::find_if(kKnownFilters.begin(), kKnownFilters.end(),
                   [&](const KnownFilter& filter) { return filter.number == number; });
  const bool is_known = known != kKnownFilters.end();
  const std::string name = is_known ? known->name : quote(stored_name);
  fail(
      "{}: went through the filter {}{}, which HDF5 does not find; install it ({}) and let "
      "HDF5_PLUGIN_PATH name the folder of its plugin",
      place, number, name.empty() ? "" : " (" + name + ")",
      is_known ? known->source : "most filters are in Python's package hdf5plugin");
}

void require_filters(const Properties& made, const std::string& place) {
  for (int i = 0; i < H5Pget_nfilters(made.id()); ++i) {
    std::array<char, 256> name{};
    std::size_t num_values = 0;
    unsigned flags = 0;
    unsigned config = 0;
    const H5Z_filter_t filter =
        H5Pget_filter2(made.id(), static_cast<unsigned>(i), &flags, &num_values, nullptr,
                       name.size() - 1, name.data(), &config);
    if (filter >= 0 && H5Zfilter_avail(filter) <= 0) {
      fail_filter(place, filter, name.data());
    }
  }
}

/// As HDF5 looks for it: behind a prefix, else from the working directory.
std::filesystem::path values_path(const std::string& path, const std::string& name) {
  const char* given = std::getenv("HDF5_EXTFILE_PREFIX");  // NOLINT(concurrency-mt-unsafe)
  std::string prefix = given == nullptr ? "" : given;
  if (prefix.starts_with(kOrigin)) {
    prefix.replace(0, std::string{kOrigin}.size(), directory_of(path));
  }
  return std::filesystem::path{prefix} / name;
}

}  // namespace

std::vector<std::string> external_files(const Properties& made, const std::string& path,
                                        const std::string& name) {
  std::vector<std::string> files;
  for (int i = 0; i < H5Pget_external_count(made.id()); ++i) {
    std::array<char, 4096> stored_name{};
    off_t offset = 0;
    hsize_t size = 0;
    if (H5Pget_external(made.id(), static_cast<unsigned>(i), stored_name.size() - 1,
                        stored_name.data(), &offset, &size) < 0) {
      continue;
    }
    files.push_back(values_path(path, stored_name.data()).string());
    std::error_code missing;
    const std::uintmax_t there = std::filesystem::file_size(files.back(), missing);
    if (missing) {
      fail("{}: {}: its values lie in the file {}, which is not there", path, quote(name),
           quote(files.back()));
    }
    if (size != H5F_UNLIMITED && there < static_cast<hsize_t>(offset) + size) {
      fail("{}: {}: its values lie in the file {}, which has {} bytes, expected {}", path,
           quote(name), quote(files.back()), there, static_cast<hsize_t>(offset) + size);
    }
  }
  return files;
}

void require_stored_values(const Dataset& dataset, const std::string& path,
                           const std::string& name) {
  const Properties made{H5Dget_create_plist(dataset.id())};
  const std::string place = fmt::format("{}: {}", path, quote(name));
  (void)external_files(made, path, name);
  if (H5Pget_layout(made.id()) != H5D_CHUNKED || H5Pget_nfilters(made.id()) <= 0) {
    return;
  }
  require_filters(made, place);
  std::array<hsize_t, H5S_MAX_RANK> chunk{};
  const int num_axes = H5Pget_chunk(made.id(), H5S_MAX_RANK, chunk.data());
  const std::vector<Count> sizes(chunk.begin(), chunk.begin() + std::max(0, num_axes));
  const Datatype type{H5Dget_type(dataset.id())};
  require_memory(path, name + " (one chunk)", sizes, static_cast<Count>(H5Tget_size(type.id())));
}

}  // namespace kith::io
