/// What report.json says of another corpus that members have learned from.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kith/core/types.hpp"
#include "kith/report/vote_view.hpp"

namespace kith::report {

struct ReferenceClass {
  std::string name;
  double share_of_reference = 0;
  std::optional<double> estimated_share;  // in the corpus; none with many classes
};

struct VectorShift {
  double novel_share = 0;
  double own_neighbors = 0;
  double own_neighbors_if_alike = 0;
  double same_vector_share = 0;
};

/// What a head that learned from the other corpus says of items.
struct HeadView {
  double held_out_accuracy = 0;  // there
  double held_out_mean_probability = 0;
  double mean_probability = 0;  // here
};

struct Reference {
  Count labeled_items = 0;
  Count of_known_classes = 0;
  Count learned_from = 0;
  std::vector<ReferenceClass> classes;
  std::vector<std::string> foreign_classes;
  std::optional<VectorShift> shift;  // none: too few items
  std::optional<HeadView> head;      // none: too few items, or many classes
  TeachingWeight weight;
  std::vector<std::string> warnings;
};

}  // namespace kith::report
