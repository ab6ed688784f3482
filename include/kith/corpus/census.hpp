/// One look at every vector before anything is built on it.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "kith/comm/communicator.hpp"
#include "kith/corpus/corpus.hpp"
#include "kith/corpus/labels.hpp"
#include "kith/corpus/row_reader.hpp"

namespace kith::corpus {

/// A row whose vector equals that of an earlier one; representative: the smallest row that has it.
struct DuplicateItem {
  GlobalId row;
  GlobalId representative;

  bool operator==(const DuplicateItem&) const = default;
};

/// A seed's row and its label, the heaviest of a soft seed.
struct GivenLabel {
  GlobalId row;
  Label label;

  bool operator==(const GivenLabel&) const = default;
};

/// Seeds with one vector that do not have one label, by row.
struct SeedConflict {
  std::vector<GivenLabel> given;

  bool operator==(const SeedConflict&) const = default;
};

/// Euclidean norms of the vectors as stored.
struct NormSummary {
  static constexpr std::array<double, 7> kQuantiles = {0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99};

  float min = 0;
  double mean = 0;
  float max = 0;
  std::array<float, 7> quantiles{};  // smallest norm with at least that share at or below it
};

/// Counts are over the whole corpus and the same on every rank; `duplicates` is this rank's.
struct Census {
  Count num_items = 0;
  Count num_zero_vectors = 0;      // only without cosine, where they are an error
  GlobalId first_zero_vector;      // none if there is none
  Count num_duplicate_groups = 0;  // distinct vectors that more than one item has
  Count num_duplicate_items = 0;   // items that are not their group's representative
  Count largest_group = 1;         // items
  GlobalId largest_group_row;      // its representative; the smallest such row; none if no group
  NormSummary norms;
  std::vector<Count> seeds_per_class;
  std::vector<SeedConflict> seed_conflicts;  // by the first row of their vector
  std::vector<DuplicateItem> duplicates;     // of rows_of(this rank), by row
};

/// Collective. Reads this rank's block once, in blocks, on all threads. Two vectors are equal if
/// their float32 as read() gives them are, with -0 taken as 0 (128-bit hashes are compared).
/// Memory: 28 bytes a row of this rank, and about 72 more while duplicates are looked for.
/// Throws CollectiveError, naming the first row at fault, for NaN or Inf, a norm of 1e15 or more, a
/// zero vector under cosine, an id that two rows have; and for a longest norm below 1e-15 where
/// vectors are not scaled.
[[nodiscard]] Census take_census(const comm::Communicator& comm, const Corpus& corpus,
                                 const CorpusConfig& config, RowReader& reader,
                                 std::span<const Seed> seeds);

}  // namespace kith::corpus
