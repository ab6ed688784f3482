/// HDF5 files that our own writer never makes, written by HDF5's own calls. Link HDF5::HDF5.
#pragma once

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <hdf5.h>

namespace kith::test {

/// How a dataset lies in its file. Closed by the dataset that is made with it.
struct Layout {
  hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
};

/// A file of one process. Checks its own calls.
class MadeFile {
 public:
  explicit MadeFile(const std::string& path)
      : file_{H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT)} {
    EXPECT_GE(file_, 0) << path;
  }
  ~MadeFile() { EXPECT_GE(H5Fclose(file_), 0); }
  MadeFile(const MadeFile&) = delete;
  MadeFile& operator=(const MadeFile&) = delete;

  [[nodiscard]] hid_t id() const { return file_; }

  /// values: of that type, in memory as in the file; null: never written.
  void add(const std::string& name, hid_t type, const std::vector<hsize_t>& shape,
           const void* values = nullptr, const Layout& layout = {}) const {
    const hid_t space = H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr);
    const hid_t dataset =
        H5Dcreate2(file_, name.c_str(), type, space, H5P_DEFAULT, layout.properties, H5P_DEFAULT);
    EXPECT_GE(dataset, 0) << name;
    if (values != nullptr) {
      EXPECT_GE(H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), 0);
    }
    H5Dclose(dataset);
    H5Sclose(space);
    H5Pclose(layout.properties);
  }

  /// Strings: of variable length, or of `length` bytes each.
  void add_strings(const std::string& name, const std::vector<std::string>& texts,
                   std::size_t length = H5T_VARIABLE) const {
    const hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, length);
    if (length == H5T_VARIABLE) {
      std::vector<const char*> pointers;
      for (const std::string& text : texts) {
        pointers.push_back(text.c_str());
      }
      add(name, type, {texts.size()}, pointers.data());
    } else {
      std::string bytes;
      for (std::string text : texts) {
        text.resize(length, '\0');
        bytes += text;
      }
      add(name, type, {texts.size()}, bytes.data());
    }
    H5Tclose(type);
  }

 private:
  hid_t file_;
};

inline Layout chunked(const std::vector<hsize_t>& chunk) {
  Layout layout;
  H5Pset_chunk(layout.properties, static_cast<int>(chunk.size()), chunk.data());
  return layout;
}

}  // namespace kith::test
