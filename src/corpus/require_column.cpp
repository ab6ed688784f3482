#include "corpus/require_column.hpp"

#include "kith/core/error.hpp"
#include "kith/core/quote.hpp"

namespace kith::corpus {

void require_shape(const io::InputFile& file, const std::string& dataset,
                   const io::DatasetInfo& info, std::size_t num_axes) {
  const bool is_one_wide = num_axes == 1 && info.shape.size() == 2 && info.shape[1] == 1;
  if (info.shape.size() != num_axes && !is_one_wide) {
    fail("{}: {}: has the shape {}, expected {}", file.path(), quote(dataset),
         info.shape.empty() ? "of one value" : fmt::format("{}", fmt::join(info.shape, " x ")),
         num_axes == 1 ? "one value an item" : "items x values");
  }
}

void require_width(const io::InputFile& file, const std::string& dataset,
                   const io::DatasetInfo& info, Count most, const char* what) {
  if (info.shape[1] < 1 || info.shape[1] > most) {
    fail("{}: {}: has the shape {} x {}, expected 1 to {} {}", file.path(), quote(dataset),
         info.shape[0], info.shape[1], most, what);
  }
}

io::DatasetInfo require_column(const io::InputFile& file, const std::string& dataset,
                               Count num_rows, std::size_t num_axes) {
  io::DatasetInfo info = file.describe(dataset);
  require_shape(file, dataset, info, num_axes);
  if (info.num_rows() != num_rows) {
    fail("{}: {}: has {} rows, but the embeddings have {}", file.path(), dataset, info.num_rows(),
         num_rows);
  }
  return info;
}

}  // namespace kith::corpus
