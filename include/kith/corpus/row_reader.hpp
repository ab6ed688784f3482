/// Vectors of any rows of the corpus, as float32.
#pragma once

#include <memory>
#include <span>

#include "kith/corpus/corpus.hpp"

namespace kith::corpus {

/// Vectors of a corpus are shorter, and so are their means: squared distances, and sums of them
/// over a sample, stay finite in float. Sums of norms over 2^36 items fit an ExactSum.
inline constexpr double kNormLimit = 1e15;

/// Reads rows over the borders of files, whatever their layout, and converts f32, f16, f64, u8 and
/// i8 to float32. Does not communicate; one thread at a time in the process (HDF5), which uses
/// parallel_for inside. Errors: Error, one sentence.
class RowReader {
 public:
  /// kept_rows: rows of which the stored bytes are kept once read, if all of them need at most
  /// cache_bytes, so that they are read from disk once. `corpus` must outlive the reader.
  explicit RowReader(const Corpus& corpus, IdRange<GlobalId> kept_rows = {}, Count cache_bytes = 0);
  ~RowReader();
  RowReader(RowReader&& other) noexcept;
  RowReader& operator=(RowReader&& other) noexcept;
  RowReader(const RowReader&) = delete;
  RowReader& operator=(const RowReader&) = delete;

  /// out: rows.size() x dim. Of unit length under cosine (a zero vector stays zero).
  void read(IdRange<GlobalId> rows, std::span<float> out);

  /// As read(), but never scaled.
  void read_as_stored(IdRange<GlobalId> rows, std::span<float> out);

  /// Frees the kept rows; they are read from disk from now on.
  void drop_kept_rows();

  /// True if kept_rows fit into cache_bytes.
  [[nodiscard]] bool keeps_rows() const;

 private:
  class Body;
  std::unique_ptr<Body> body_;
};

/// The squared norm, summed in double in index order: the same bits everywhere.
[[nodiscard]] double squared_norm(std::span<const float> vector);

/// Divides by the norm, in double, each component rounded once. A zero vector stays zero.
void scale_to_unit_length(std::span<float> vector);

}  // namespace kith::corpus
