/// The corpus: all rows of all files, one after another.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kith/comm/communicator.hpp"
#include "kith/core/types.hpp"
#include "kith/corpus/config.hpp"
#include "kith/io/element_type.hpp"

namespace kith::corpus {

/// What the numbers of one file are in the corpus, where files number the same names otherwise.
/// Empty: the same numbers.
struct FileNumbers {
  std::vector<std::int32_t> classes;  // of its codes in labels, gold, votes; of columns of probs
  std::vector<std::int32_t> voters;   // of its columns in corpus.votes
  std::vector<std::int32_t> prob_voters;          // of its datasets in corpus.probs; others abstain
  std::vector<std::vector<std::int32_t>> slices;  // [slice]: of its groups
};

struct FileExtent {
  std::string path;
  GlobalId first_row;
  Count num_rows = 0;
  FileNumbers numbers{};

  [[nodiscard]] IdRange<GlobalId> rows() const {
    return {first_row, GlobalId{first_row.value() + num_rows}};
  }
};

/// One of corpus.slices. names: of its groups by number; empty if they have none.
struct Slices {
  std::string dataset;
  std::vector<std::string> names;
};

/// What the ids of all files are: signed where one file's are, unsigned 64-bit else, or texts.
enum class IdKind : std::uint8_t { none, signed_integer, unsigned_integer, text };

/// What is known of the corpus before its vectors are read; the same on every rank.
struct Corpus {
  std::vector<FileExtent> files;
  Count num_items = 0;
  Count dim = 0;
  io::ElementType type = io::ElementType::f32;  // as stored, the same in all files
  Metric metric = Metric::l2;
  std::string embeddings;                // dataset name
  std::vector<std::string> class_names;  // K of them
  IdKind id_kind = IdKind::none;
  std::vector<std::string> vote_names;  // M voters that gave votes; empty = none
  std::vector<std::string> prob_names;  // voters that gave probabilities, in name order
  std::vector<Slices> slices;           // as configured
  std::vector<std::string> sources;     // other files that virtual datasets take values from
  std::vector<std::string> notes;       // on what differs among files, a sentence each

  [[nodiscard]] int num_classes() const { return static_cast<int>(class_names.size()); }
  /// The file that holds `row`.
  [[nodiscard]] const FileExtent& file_of(GlobalId row) const;
  /// "FILE: DATASET: row R", R counted within the file: how messages name a row.
  [[nodiscard]] std::string place_of(GlobalId row, const std::string& dataset) const;
};

/// Collective. Rank 0 opens every file and checks names, shapes and types; label columns are
/// scanned by all. K is the number of class names, or the largest known label plus one without
/// names. Files that name their classes, voters or groups differently are joined by name. Throws
/// CollectiveError with one sentence for whatever does not fit together.
[[nodiscard]] Corpus describe(const comm::Communicator& comm, const CorpusConfig& config);

/// The block of rows that `rank` reads: even, contiguous, in rank order; empty if ranks outnumber
/// rows.
[[nodiscard]] IdRange<GlobalId> rows_of(Count num_items, Rank rank, int num_ranks);

/// The rank whose block holds `row`.
[[nodiscard]] Rank owner_of(GlobalId row, Count num_items, int num_ranks);

}  // namespace kith::corpus
