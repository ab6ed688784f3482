// Class vectors: corpus.prototypes.
#include <algorithm>
#include <cmath>

#include "kith/comm/agree.hpp"
#include "kith/comm/collectives.hpp"
#include "kith/core/error.hpp"
#include "kith/core/quote.hpp"
#include "kith/corpus/labels.hpp"
#include "kith/corpus/row_reader.hpp"
#include "kith/io/input_file.hpp"

namespace kith::corpus {
namespace {

/// The first file that has them; one must.
const FileExtent& file_with(const Corpus& corpus, const std::string& dataset) {
  const auto found =
      std::find_if(corpus.files.begin(), corpus.files.end(),
                   [&](const FileExtent& file) { return io::InputFile{file.path}.has(dataset); });
  if (found == corpus.files.end()) {
    fail("{}: no file of the corpus has these class vectors", quote(dataset));
  }
  return *found;
}

/// Throws Error unless the row is a direction.
void check_row(std::span<const float> row, const std::string& place) {
  const bool is_finite =
      std::all_of(row.begin(), row.end(), [](float value) { return std::isfinite(value); });
  if (!is_finite) {
    fail("{}: not all values are finite", place);
  }
  if (squared_norm(row) == 0) {
    fail("{}: the vector is zero, which is like no item", place);
  }
}

}  // namespace

std::vector<float> read_prototypes(const comm::Communicator& comm, const Corpus& corpus,
                                   const std::string& dataset) {
  std::vector<float> vectors;
  if (dataset.empty()) {
    return vectors;
  }
  comm::on_root(comm, [&] {
    const FileExtent& extent = file_with(corpus, dataset);
    const io::InputFile file{extent.path};
    const io::DatasetInfo info = file.describe(dataset);
    const auto& numbers = extent.numbers.classes;
    const Count rows = numbers.empty() ? corpus.num_classes() : count_of(numbers);
    if (info.shape.size() != 2 || info.shape[0] != rows || info.shape[1] != corpus.dim ||
        !info.is_number()) {
      fail("{}: {}: expected {} x {} numbers, one vector a class and as long as those of {}",
           extent.path, dataset, rows, corpus.dim, corpus.embeddings);
    }
    if (rows != corpus.num_classes()) {
      fail("{}: {}: is of {} classes, but the corpus has {}", extent.path, dataset, rows,
           corpus.num_classes());
    }
    const auto stored = file.read_all<float>(dataset);
    vectors.resize(stored.size());
    for (Count row = 0; row < rows; ++row) {
      const auto values = std::span{stored}.subspan(to_size(row * corpus.dim), to_size(corpus.dim));
      check_row(values, fmt::format("{}: {}: row {}", extent.path, dataset, row));
      const Count label = numbers.empty() ? row : Count{numbers[to_size(row)]};
      std::copy(values.begin(), values.end(), vectors.begin() + label * corpus.dim);
    }
  });
  comm::broadcast(comm, vectors);
  return vectors;
}

}  // namespace kith::corpus
