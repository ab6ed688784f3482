#include "kith/corpus/corpus.hpp"

#include <algorithm>

#include "kith/core/error.hpp"

namespace kith::corpus {
namespace {

/// First row of a rank's block: floor(num_items * rank / num_ranks) without the large product.
Count first_row_of(Count num_items, Count rank, Count num_ranks) {
  return num_items / num_ranks * rank + num_items % num_ranks * rank / num_ranks;
}

}  // namespace

IdRange<GlobalId> rows_of(Count num_items, Rank rank, int num_ranks) {
  return {GlobalId{first_row_of(num_items, rank.value(), num_ranks)},
          GlobalId{first_row_of(num_items, Count{rank.value()} + 1, num_ranks)}};
}

Rank owner_of(GlobalId row, Count num_items, int num_ranks) {
  int low = 0;
  int high = num_ranks - 1;
  while (low < high) {
    const int middle = (low + high) / 2;
    if (rows_of(num_items, Rank{middle}, num_ranks).end <= row) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return Rank{low};
}

const FileExtent& Corpus::file_of(GlobalId row) const {
  const auto after = std::upper_bound(
      files.begin(), files.end(), row,
      [](GlobalId wanted, const FileExtent& file) { return wanted < file.rows().end; });
  if (row.is_none() || after == files.end()) {
    fail("row {} is beyond the corpus of {} rows", row.value(), num_items);
  }
  return *after;
}

std::string Corpus::place_of(GlobalId row, const std::string& dataset) const {
  const FileExtent& file = file_of(row);
  return fmt::format("{}: {}: row {}", file.path, dataset, row.value() - file.first_row.value());
}

}  // namespace kith::corpus
