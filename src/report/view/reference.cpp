#include "report/view/describe.hpp"

namespace kith::report {

void describe(const JsonFields& json, ReferenceClass& of_class) {
  json("name", of_class.name);
  json("share_of_reference", of_class.share_of_reference);
  json.if_present("estimated_share", of_class.estimated_share);
}

void describe(const JsonFields& json, VectorShift& shift) {
  json("novel_share", shift.novel_share);
  json("own_neighbors", shift.own_neighbors);
  json("own_neighbors_if_alike", shift.own_neighbors_if_alike);
  json("same_vector_share", shift.same_vector_share);
}

void describe(const JsonFields& json, HeadView& head) {
  json("held_out_accuracy", head.held_out_accuracy);
  json("held_out_mean_probability", head.held_out_mean_probability);
  json("mean_probability", head.mean_probability);
}

void describe(const JsonFields& json, Reference& reference) {
  json("labeled_items", reference.labeled_items);
  json("of_known_classes", reference.of_known_classes);
  json("learned_from", reference.learned_from);
  json("classes", reference.classes);
  json("foreign_classes", reference.foreign_classes);
  json("shift", reference.shift);
  json("head", reference.head);
  json("weight", reference.weight);
  json("warnings", reference.warnings);
}

}  // namespace kith::report
