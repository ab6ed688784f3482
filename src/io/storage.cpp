#include "kith/io/storage.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iterator>
#include <vector>

#include "kith/core/error.hpp"
#include "kith/core/quote.hpp"

#include "io/descriptor.hpp"
#include "io/hdf5_support.hpp"
#include "io/stored_values.hpp"

namespace kith::io {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSameFile = ".";
constexpr const char* kOrigin = "${ORIGIN}";

File open_quietly(const std::string& path) {
  silence_hdf5();
  const Properties access{H5Pcreate(H5P_FILE_ACCESS)};
  H5Pset_file_locking(access.id(), false, true);  // locks fail on many parallel file systems
  std::error_code unseen;
  return fs::is_regular_file(path, unseen) && H5Fis_hdf5(path.c_str()) > 0
             ? File{H5Fopen(path.c_str(), H5F_ACC_RDONLY, access.id())}
             : File{};
}

/// A dataset with how it is stored.
struct Opened {
  Dataset dataset;
  Properties creation{};
  std::vector<Count> shape{};

  [[nodiscard]] bool is_null() const { return dataset.is_null(); }
};

Opened open(const File& file, const std::string& name) {
  Opened opened{Dataset{H5Dopen2(file.id(), name.c_str(), H5P_DEFAULT)}};
  if (!opened.is_null()) {
    opened.creation = Properties{H5Dget_create_plist(opened.dataset.id())};
    opened.shape = shape_of(Dataspace{H5Dget_space(opened.dataset.id())}.id());
  }
  return opened;
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  for (std::size_t first = 0; first <= text.size();) {
    const std::size_t end = std::min(text.find(separator, first), text.size());
    parts.push_back(text.substr(first, end - first));
    first = end + 1;
  }
  return parts;
}

/// Where HDF5 looks for a source of `path`, in its order: by itself if absolute, then by its last
/// part; the prefixes of the environment; beside the file; the working directory; beside what the
/// file is a link to.
std::vector<fs::path> source_candidates(const std::string& path, const std::string& source) {
  const fs::path given{source};
  const fs::path beside = directory_of(path);
  const fs::path name = given.is_absolute() ? given.filename() : given;
  std::vector<fs::path> candidates;
  if (given.is_absolute()) {
    candidates.push_back(given);
  }
  if (const char* prefixes = std::getenv("HDF5_VDS_PREFIX"); prefixes != nullptr) {
    for (std::string prefix : split(prefixes, ':')) {
      if (prefix.starts_with(kOrigin)) {
        prefix.replace(0, std::string{kOrigin}.size(), beside.string());
      }
      if (!prefix.empty()) {
        candidates.push_back(fs::path{prefix} / name);
      }
    }
  }
  candidates.push_back(beside / name);
  candidates.push_back(name);
  std::error_code ignored;
  if (const fs::path target = fs::canonical(path, ignored); !target.empty()) {
    candidates.push_back(target.parent_path() / name);
  }
  return candidates;
}

/// The text with %b as the number of a block, %% as a percent sign: names of printf mappings.
std::string with_block(const std::string& name, Count block) {
  std::string text;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const bool is_escape = name[i] == '%' && i + 1 < name.size();
    if (is_escape && name[i + 1] == 'b') {
      text += std::to_string(block);
      ++i;
    } else {
      i += is_escape && name[i + 1] == '%' ? 1U : 0U;
      text += name[i];
    }
  }
  return text;
}

template <class Get>
std::string text_of(const Get& get) {
  const ssize_t length = get(nullptr, 0);
  std::string text(to_size(std::max<ssize_t>(length, 0)), '\0');
  get(text.data(), text.size() + 1);
  return text;
}

/// Blocks of an unlimited mapping that fill the dataset's shape; 1 of any other.
Count num_blocks(const Opened& opened, std::size_t mapping) {
  const Dataspace space{H5Pget_virtual_vspace(opened.creation.id(), mapping)};
  const std::size_t rank = opened.shape.size();
  std::vector<hsize_t> start(rank), stride(rank), count(rank), block(rank);
  if (H5Sis_regular_hyperslab(space.id()) <= 0 ||
      H5Sget_regular_hyperslab(space.id(), start.data(), stride.data(), count.data(),
                               block.data()) < 0) {
    return 1;
  }
  for (std::size_t axis = 0; axis < rank; ++axis) {
    if (count[axis] == H5S_UNLIMITED) {
      const Count rest = opened.shape[axis] - static_cast<Count>(start[axis]);
      const auto step = static_cast<Count>(std::max<hsize_t>(stride[axis], 1));
      return rest > 0 ? (rest + step - 1) / step : 0;
    }
  }
  return 1;
}

Count volume(const std::vector<Count>& shape) {
  return shape.empty() ? 1 : shape.front() * row_size_of(shape);
}

/// What a mapping takes from its source: up to the end of a shape, or all of so many values.
/// Neither of a mapping that grows.
struct Taken {
  std::vector<Count> shape{};
  Count values = 0;

  [[nodiscard]] bool is_in(const std::vector<Count>& source) const {
    return volume(source) >= values &&
           (shape.empty() || std::equal(source.begin(), source.end(), shape.begin(), shape.end(),
                                        std::greater_equal{}));
  }
  [[nodiscard]] std::string text() const {
    return shape.empty() ? fmt::format("{} values", values) : shape_text(shape);
  }
};

Taken taken_by(const Opened& opened, std::size_t mapping) {
  const Dataspace source{H5Pget_virtual_srcspace(opened.creation.id(), mapping)};
  if (H5Sget_select_type(source.id()) == H5S_SEL_ALL) {  // the file keeps no shape with it
    const Dataspace here{H5Pget_virtual_vspace(opened.creation.id(), mapping)};
    return {{}, std::max<Count>(H5Sget_select_npoints(here.id()), 0)};
  }
  const int rank = H5Sget_simple_extent_ndims(source.id());
  std::vector<hsize_t> first(to_size(std::max(rank, 0))), last(first);
  Taken taken;
  if (H5Sget_select_bounds(source.id(), first.data(), last.data()) >= 0) {
    std::transform(last.begin(), last.end(), std::back_inserter(taken.shape),
                   [](hsize_t end) { return static_cast<Count>(end) + 1; });
  }
  return taken;
}

class Sources {
 public:
  void add(const File& file, const std::string& path, const std::string& dataset);

  std::set<std::string> files;

 private:
  void add_mapping(const File& file, const Opened& opened, std::size_t mapping,
                   const std::string& path, const std::string& dataset);
  void add_source(const std::string& path, const std::string& dataset, const std::string& source,
                  const std::string& in_source, const Taken& taken);

  std::set<std::pair<std::string, std::string>> seen_;  // file and dataset
};

void Sources::add(const File& file, const std::string& path, const std::string& dataset) {
  std::error_code ignored;
  if (!seen_.emplace(fs::weakly_canonical(path, ignored).string(), dataset).second) {
    return;
  }
  const Opened opened = open(file, dataset);
  if (opened.is_null()) {
    fail_hdf5(path, dataset, "cannot be opened");
  }
  require_stored_values(opened.dataset, path, dataset);
  for (const std::string& external : external_files(opened.creation, path, dataset)) {
    files.insert(external);
  }
  std::size_t num_mappings = 0;
  if (H5Pget_layout(opened.creation.id()) == H5D_VIRTUAL) {
    H5Pget_virtual_count(opened.creation.id(), &num_mappings);
  }
  for (std::size_t mapping = 0; mapping < num_mappings; ++mapping) {
    add_mapping(file, opened, mapping, path, dataset);
  }
}

void Sources::add_mapping(const File& file, const Opened& opened, std::size_t mapping,
                          const std::string& path, const std::string& dataset) {
  const hid_t creation = opened.creation.id();
  const std::string source = text_of([&](char* text, std::size_t size) {
    return H5Pget_virtual_filename(creation, mapping, text, size);
  });
  const std::string in_source = text_of([&](char* text, std::size_t size) {
    return H5Pget_virtual_dsetname(creation, mapping, text, size);
  });
  if (source == kSameFile) {
    return add(file, path, in_source);
  }
  const bool is_numbered = (source + in_source).find("%b") != std::string::npos;
  const Count blocks = is_numbered ? num_blocks(opened, mapping) : 1;
  const Taken taken = taken_by(opened, mapping);
  for (Count block = 0; block < blocks; ++block) {
    add_source(path, dataset, with_block(source, block), with_block(in_source, block), taken);
  }
}

void Sources::add_source(const std::string& path, const std::string& dataset,
                         const std::string& source, const std::string& in_source,
                         const Taken& taken) {
  for (const fs::path& candidate : source_candidates(path, source)) {
    const File file = open_quietly(candidate.string());
    if (file.is_null()) {
      continue;
    }
    const Opened opened = open(file, in_source);
    if (opened.is_null()) {
      fail("{}: {}: is a virtual dataset, but its source {} has no dataset {}", path,
           quote(dataset), quote(candidate.string()), quote(in_source));
    }
    if (!taken.is_in(opened.shape)) {
      fail("{}: {}: is a virtual dataset, but its source {}: {} has the shape {}, expected {}",
           path, quote(dataset), quote(candidate.string()), quote(in_source),
           shape_text(opened.shape), taken.text());
    }
    files.insert(candidate.string());
    return add(file, candidate.string(), in_source);
  }
  fail("{}: {}: is a virtual dataset, but its source {} is missing or cannot be opened", path,
       quote(dataset), quote(source));
}

/// "3 of 12 WHAT were"; nothing if none is missing.
std::optional<std::string> missing_text(Count all, Count there, const char* what) {
  return there < all ? std::optional{fmt::format("{} of {} {} were", all - there, all, what)}
                     : std::nullopt;
}

std::optional<std::string> missing_chunks(const Opened& opened) {
  std::vector<hsize_t> chunk(opened.shape.size());
  H5Pget_chunk(opened.creation.id(), static_cast<int>(chunk.size()), chunk.data());
  Count all = 1;
  for (std::size_t axis = 0; axis < chunk.size(); ++axis) {
    const auto length = static_cast<Count>(chunk[axis]);
    all *= (opened.shape[axis] + length - 1) / length;
  }
  hsize_t there = 0;
  const Dataspace space{H5Dget_space(opened.dataset.id())};
  if (H5Dget_num_chunks(opened.dataset.id(), space.id(), &there) < 0) {
    return std::nullopt;
  }
  return missing_text(all, static_cast<Count>(there), "chunks");
}

/// Mappings that overlap count twice: then less is found than is missing.
std::optional<std::string> unmapped_values(const Opened& opened) {
  std::size_t num_mappings = 0;
  H5Pget_virtual_count(opened.creation.id(), &num_mappings);
  Count there = 0;
  for (std::size_t mapping = 0; mapping < num_mappings; ++mapping) {
    const Dataspace space{H5Pget_virtual_vspace(opened.creation.id(), mapping)};
    const hssize_t mapped = H5Sget_select_npoints(space.id());
    if (mapped < 0) {
      return std::nullopt;  // grows without end
    }
    there += static_cast<Count>(mapped);
  }
  return missing_text(volume(opened.shape), there, "values");
}

std::optional<std::string> find_unwritten(const Opened& opened) {
  H5D_fill_value_t fill = H5D_FILL_VALUE_ERROR;
  H5Pfill_value_defined(opened.creation.id(), &fill);
  if (fill == H5D_FILL_VALUE_USER_DEFINED || volume(opened.shape) == 0) {
    return std::nullopt;
  }
  switch (H5Pget_layout(opened.creation.id())) {
    case H5D_CHUNKED:
      return missing_chunks(opened);
    case H5D_VIRTUAL:
      return unmapped_values(opened);
    case H5D_CONTIGUOUS:
      return H5Pget_external_count(opened.creation.id()) == 0 &&
                     H5Dget_storage_size(opened.dataset.id()) == 0
                 ? std::optional<std::string>{"its values were"}
                 : std::nullopt;
    default:
      return std::nullopt;
  }
}

}  // namespace

std::vector<Storage> describe_storage(const std::string& path,
                                      std::span<const std::string> datasets) {
  const File file = open_quietly(path);
  std::vector<Storage> storage;
  for (const std::string& dataset : datasets) {
    Sources sources;
    sources.add(file, path, dataset);
    storage.push_back({std::move(sources.files), find_unwritten(open(file, dataset))});
  }
  return storage;
}

}  // namespace kith::io
