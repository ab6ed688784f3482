// Sums over the rows of a table that do not depend on the number of threads.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "kith/core/parallel.hpp"
#include "kith/label_model/vote_table.hpp"

namespace kith::label_model {

/// Rows in a chunk at least, and chunks at most.
inline constexpr Count kLeastRows = 1024;
inline constexpr Count kMostChunks = 1024;

/// Adds up what work(row, sums) adds to `width` sums, in fixed chunks of rows, added in order.
template <class Work>
[[nodiscard]] std::vector<double> sum_rows(const VoteTable& table, std::size_t width, Work&& work) {
  const Count rows = count_of(table.counts);
  const Count grain = std::max(kLeastRows, (rows + kMostChunks - 1) / kMostChunks);
  const std::size_t num_chunks = to_size((rows + grain - 1) / grain);
  std::vector<double> chunks(num_chunks * width, 0.0);
  parallel_for(rows, grain, [&](Count begin, Count end) {
    for (Count row = begin; row < end; ++row) {
      work(to_size(row), chunks.data() + to_size(begin / grain) * width);
    }
  });
  std::vector<double> sums(width, 0.0);
  for (std::size_t chunk = 0; chunk < num_chunks; ++chunk) {
    for (std::size_t i = 0; i < width; ++i) {
      sums[i] += chunks[chunk * width + i];
    }
  }
  return sums;
}

/// The class of a row whose class is known has probability 1.
inline void clamp_known(const VoteTable& table, std::size_t row, std::span<double> posterior) {
  if (table.known[row] >= 0) {
    std::fill(posterior.begin(), posterior.end(), 0.0);
    posterior[to_size(table.known[row])] = 1;
  }
}

}  // namespace kith::label_model
