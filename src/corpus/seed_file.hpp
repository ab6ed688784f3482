/// The seed file: CSV with the header row|id,label[,weight], or HDF5 with a compound dataset
/// /seeds.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kith/core/types.hpp"
#include "kith/io/element_type.hpp"

namespace kith::corpus {

struct SeedEntry {
  std::uint64_t key = 0;  // a row or the bits of an id
  Count label = -1;
  float weight = 1;
  Count line = 0;  // in the file, for messages
};

struct SeedFile {
  bool has_ids = false;  // keys are ids, not rows
  bool is_hdf5 = false;  // lines are rows of /seeds
  std::vector<SeedEntry> entries;
};

/// "PATH: line 3" or "PATH: /seeds: row 3".
[[nodiscard]] std::string place_of(const std::string& path, bool is_hdf5, Count line);

/// Labels are names or numbers of classes; class_names empty: numbers only, none too large.
/// id_type: of the corpus. Throws Error, naming the line.
[[nodiscard]] SeedFile read_seed_file(const std::string& path,
                                      const std::optional<io::ElementType>& id_type,
                                      const std::vector<std::string>& class_names);

}  // namespace kith::corpus
