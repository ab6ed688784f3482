#include "kith/corpus/row_reader.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <vector>

#include "kith/core/parallel.hpp"
#include "kith/io/convert.hpp"
#include "kith/io/input_file.hpp"

namespace kith::corpus {
namespace {

constexpr Count kPieceBytes = Count{16} << 20;  // stored bytes held while they are converted
constexpr Count kGrainValues = 1 << 15;         // values a thread converts or scales at a time

/// What both ranges have; empty, at the later begin, if nothing.
IdRange<GlobalId> common_rows(IdRange<GlobalId> a, IdRange<GlobalId> b) {
  const GlobalId begin = std::max(a.begin, b.begin);
  return {begin, std::max(begin, std::min(a.end, b.end))};
}

}  // namespace

class RowReader::Body {
 public:
  Body(const Corpus& whole, IdRange<GlobalId> rows_to_keep, Count cache_bytes)
      : corpus{&whole}, row_bytes{whole.dim * io::element_bytes(whole.type)} {
    if (rows_to_keep.size() > 0 && rows_to_keep.size() <= cache_bytes / row_bytes) {
      kept = rows_to_keep;
      piece_rows = std::max<Count>(1, kPieceBytes / row_bytes);
      is_loaded.assign(to_size((kept.size() + piece_rows - 1) / piece_rows), false);
    }
  }

  void read_stored(IdRange<GlobalId> rows, std::span<std::byte> out);
  void load_kept(IdRange<GlobalId> rows);
  void convert(std::span<const std::byte> stored, std::span<float> out) const;
  void read_directly(IdRange<GlobalId> rows, std::span<float> out);
  void read(IdRange<GlobalId> rows, std::span<float> out);

  const Corpus* corpus;
  Count row_bytes;
  IdRange<GlobalId> kept;
  Count piece_rows = 1;
  std::vector<bool> is_loaded;  // one a piece of the kept rows
  std::vector<std::byte> kept_bytes;

 private:
  std::optional<io::InputFile> file_;  // the one that was read last
  std::vector<std::byte> scratch_;
};

void RowReader::Body::read_stored(IdRange<GlobalId> rows, std::span<std::byte> out) {
  while (rows.size() > 0) {
    const FileExtent& extent = corpus->file_of(rows.begin);
    const IdRange<GlobalId> part = common_rows(rows, extent.rows());
    if (!file_ || file_->path() != extent.path) {
      file_.reset();
      file_.emplace(extent.path);
    }
    const auto num_bytes = to_size(part.size() * row_bytes);
    file_->read_raw(corpus->embeddings, part.begin.value() - extent.first_row.value(), part.size(),
                    out.first(num_bytes));
    out = out.subspan(num_bytes);
    rows.begin = part.end;
  }
}

void RowReader::Body::load_kept(IdRange<GlobalId> rows) {
  kept_bytes.resize(to_size(kept.size() * row_bytes));  // not before a row is wanted
  const Count first = (rows.begin.value() - kept.begin.value()) / piece_rows;
  const Count last = (rows.end.value() - 1 - kept.begin.value()) / piece_rows;
  for (Count piece = first; piece <= last; ++piece) {
    if (!is_loaded[to_size(piece)]) {
      const GlobalId begin{kept.begin.value() + piece * piece_rows};
      const GlobalId end = std::min(kept.end, GlobalId{begin.value() + piece_rows});
      read_stored({begin, end}, std::span{kept_bytes}.subspan(
                                    to_size(piece * piece_rows * row_bytes),
                                    to_size((end.value() - begin.value()) * row_bytes)));
      is_loaded[to_size(piece)] = true;
    }
  }
}

void RowReader::Body::convert(std::span<const std::byte> stored, std::span<float> out) const {
  const Count bytes = io::element_bytes(corpus->type);
  parallel_for(count_of(out), kGrainValues, [&](Count begin, Count end) {
    io::to_float(corpus->type,
                 stored.subspan(to_size(begin * bytes), to_size((end - begin) * bytes)),
                 out.subspan(to_size(begin), to_size(end - begin)));
  });
}

void RowReader::Body::read_directly(IdRange<GlobalId> rows, std::span<float> out) {
  if (corpus->type == io::ElementType::f32) {
    read_stored(rows, std::as_writable_bytes(out));
    return;
  }
  const Count step = std::max<Count>(1, kPieceBytes / row_bytes);
  for (Count done = 0; done < rows.size(); done += step) {
    const Count now = std::min(step, rows.size() - done);
    scratch_.resize(to_size(now * row_bytes));
    read_stored({GlobalId{rows.begin.value() + done}, GlobalId{rows.begin.value() + done + now}},
                scratch_);
    convert(scratch_, out.subspan(to_size(done * corpus->dim), to_size(now * corpus->dim)));
  }
}

void RowReader::Body::read(IdRange<GlobalId> rows, std::span<float> out) {
  const IdRange<GlobalId> inside = common_rows(rows, kept);
  if (inside.size() == 0) {
    return read_directly(rows, out);
  }
  const auto values_before = [&](GlobalId row) {
    return to_size((row.value() - rows.begin.value()) * corpus->dim);
  };
  if (rows.begin < inside.begin) {
    read_directly({rows.begin, inside.begin}, out.first(values_before(inside.begin)));
  }
  load_kept(inside);
  convert(std::span{kept_bytes}.subspan(
              to_size((inside.begin.value() - kept.begin.value()) * row_bytes),
              to_size(inside.size() * row_bytes)),
          out.subspan(values_before(inside.begin), to_size(inside.size() * corpus->dim)));
  if (inside.end < rows.end) {
    read_directly({inside.end, rows.end}, out.subspan(values_before(inside.end)));
  }
}

RowReader::RowReader(const Corpus& corpus, IdRange<GlobalId> kept_rows, Count cache_bytes)
    : body_{std::make_unique<Body>(corpus, kept_rows, cache_bytes)} {
}
RowReader::~RowReader() = default;
RowReader::RowReader(RowReader&&) noexcept = default;
RowReader& RowReader::operator=(RowReader&&) noexcept = default;

void RowReader::read_as_stored(IdRange<GlobalId> rows, std::span<float> out) {
  body_->read(rows, out.first(to_size(rows.size() * body_->corpus->dim)));
}

void RowReader::read(IdRange<GlobalId> rows, std::span<float> out) {
  read_as_stored(rows, out);
  if (body_->corpus->metric != Metric::cosine) {
    return;
  }
  const Count dim = body_->corpus->dim;
  parallel_for(rows.size(), std::max<Count>(1, kGrainValues / dim), [&](Count begin, Count end) {
    for (Count row = begin; row < end; ++row) {
      scale_to_unit_length(out.subspan(to_size(row * dim), to_size(dim)));
    }
  });
}

void RowReader::drop_kept_rows() {
  body_->kept = {};
  body_->kept_bytes = std::vector<std::byte>{};  // an empty list would keep the memory
}

bool RowReader::keeps_rows() const {
  return body_->kept.size() > 0;
}

double squared_norm(std::span<const float> vector) {
  double sum = 0;
  for (const float value : vector) {
    sum += double{value} * double{value};
  }
  return sum;
}

void scale_to_unit_length(std::span<float> vector) {
  const double norm = std::sqrt(squared_norm(vector));
  if (norm > 0) {
    for (float& value : vector) {
      value = static_cast<float>(double{value} / norm);
    }
  }
}

}  // namespace kith::corpus
