#include "stages/stored_rows.hpp"

#include <cmath>

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

void write_row_labels(io::OutputFile& file, std::span<const RowLabel> all) {
  std::vector<Count> rows;
  std::vector<std::int32_t> labels;
  std::vector<float> weights;
  for (const RowLabel& entry : all) {
    rows.push_back(entry.row);
    labels.push_back(entry.label);
    weights.push_back(entry.weight);
  }
  file.write_whole<Count>("/rows", rows, {count_of(rows)});
  file.write_whole<std::int32_t>("/labels", labels, {count_of(rows)});
  file.write_whole<float>("/weights", weights, {count_of(rows)});
}

std::vector<RowLabel> read_row_labels(const io::InputFile& file, Count num_rows, int num_classes,
                                      const std::string& rows_are) {
  const Count size = file.describe("/rows").num_rows();
  for (const char* dataset : {"/rows", "/labels", "/weights"}) {
    require_shape(file, dataset, {size});
  }
  std::vector<Count> rows(to_size(size));
  std::vector<std::int32_t> labels(rows.size());
  std::vector<float> weights(rows.size());
  file.read_rows<Count>("/rows", 0, rows);
  file.read_rows<std::int32_t>("/labels", 0, labels);
  file.read_rows<float>("/weights", 0, weights);
  require_values<Count>(file, "/rows", rows, 0, 1, rows_are + ", in order",
                        [&, last = Count{0}](Count row) mutable {
                          const bool is_right = row >= last && row < num_rows;
                          last = row;
                          return is_right;
                        });
  require_values<std::int32_t>(file, "/labels", labels, 0, 1, "a class", [&](std::int32_t label) {
    return label >= 0 && label < num_classes;
  });
  require_values<float>(file, "/weights", weights, 0, 1, "a number above 0",
                        [](float weight) { return weight > 0 && std::isfinite(weight); });
  std::vector<RowLabel> all;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    all.push_back({rows[i], labels[i], weights[i]});
  }
  return all;
}

}  // namespace kith::stages
