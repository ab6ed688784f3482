/// The seed file: CSV with the header row|id,label[,weight], or HDF5 with a compound dataset
/// /seeds.
#pragma once

#include <string>
#include <vector>

#include "kith/core/random.hpp"
#include "kith/core/types.hpp"
#include "kith/corpus/corpus.hpp"

namespace kith::corpus {

struct SeedEntry {
  GlobalId row;  // none if given by id
  Hash128 id;
  Count label = -1;
  float weight = 1;
  Count line = 0;  // in the file, for messages
};

struct SeedFile {
  bool has_ids = false;  // not rows
  bool is_hdf5 = false;  // lines are rows of /seeds
  std::vector<SeedEntry> entries;
  std::vector<std::string> id_texts;  // one an entry, for messages; empty if given by row
};

/// "PATH: line 3" or "PATH: /seeds: row 3".
[[nodiscard]] std::string place_of(const std::string& path, bool is_hdf5, Count line);

/// Labels are names or numbers of classes; class_names empty: numbers only, none too large.
/// id_kind: of the corpus. Throws Error, naming the line.
[[nodiscard]] SeedFile read_seed_file(const std::string& path, IdKind id_kind,
                                      const std::vector<std::string>& class_names);

}  // namespace kith::corpus
