/// Small corpora written through OutputFile.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kith/corpus/labels.hpp"
#include "kith/corpus/row_reader.hpp"
#include "kith/io/output_file.hpp"

#include "support/mpi_world.hpp"
#include "support/temporary_directory.hpp"

namespace kith::test {

/// Rows of a corpus before they are dealt to files.
struct MadeCorpus {
  Count dim = 3;
  std::vector<float> embeddings;
  std::vector<std::int32_t> labels;
  std::vector<std::int64_t> ids;

  [[nodiscard]] Count num_rows() const { return count_of(labels); }
};

/// num_rows vectors of small whole numbers, so that many are equal; a label on every fourth row.
inline MadeCorpus make_corpus(Count num_rows, int num_classes) {
  MadeCorpus made;
  for (Count row = 0; row < num_rows; ++row) {
    for (Count i = 0; i < made.dim; ++i) {
      const std::uint64_t bits = random_bits(7, Purpose::clustering, row, to_size(i));
      made.embeddings.push_back(static_cast<float>(bits % 5) - 1.5F);
    }
    made.labels.push_back(row % 4 == 0 ? static_cast<std::int32_t>(row / 4 % num_classes) : -1);
    made.ids.push_back(1000 - 3 * row);
  }
  return made;
}

/// Collective. Deals the rows to `num_files` files of uneven sizes.
inline void write_corpus(const MadeCorpus& made, const TemporaryDirectory& directory,
                         int num_files) {
  Count first = 0;
  for (int i = 0; i < num_files; ++i) {
    const Count last = made.num_rows() * (i + 1) * (i + 2) / (num_files * (num_files + 1));
    const Count rows = last - first;
    auto file = io::OutputFile::create(world(), directory / fmt::format("part-{}.h5", i));
    const auto part = [&](const auto& all, Count width) {
      return std::span{all}.subspan(to_size(first * width), to_size(rows * width));
    };
    file.write_whole<float>("embeddings", part(made.embeddings, made.dim), {rows, made.dim});
    file.write_whole<std::int32_t>("labels", part(made.labels, 1), {rows});
    file.write_whole<std::int64_t>("ids", part(made.ids, 1), {rows});
    file.commit();
    first = last;
  }
}

inline corpus::CorpusConfig config_of(const TemporaryDirectory& directory) {
  corpus::CorpusConfig config;
  config.files = {directory / "part-*.h5"};
  config.labels = "labels";
  return config;
}

}  // namespace kith::test
