#include "stages/stored_rows.hpp"

namespace kith::stages {

void require_shape(const io::InputFile& file, const std::string& dataset,
                   const std::vector<Count>& shape) {
  const std::vector<Count> stored = file.describe(dataset).shape;
  const bool is_right =
      std::equal(stored.begin(), stored.end(), shape.begin(), shape.end(),
                 [](Count has, Count wanted) { return wanted == kAnySize || has == wanted; });
  if (!is_right) {
    fail("{}: {}: has the shape {}, expected {}; without this file its stage is done again",
         file.path(), dataset, fmt::join(stored, " x "), fmt::join(shape, " x "));
  }
}

}  // namespace kith::stages
