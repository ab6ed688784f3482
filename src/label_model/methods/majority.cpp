#include "label_model/methods/registry.hpp"
#include "label_model/task.hpp"

namespace kith::label_model {
namespace {

class Majority : public Method {
 public:
  Majority()
      : Method{{.name = "majority",
                .citation = "the share of the votes that each class has; no model of the voters"}} {
  }

 private:
  [[nodiscard]] FittedModel learn(const Task& task) const override {
    FittedModel model;
    model.prior = task.first_prior();
    model.is_majority = true;
    model.voters.resize(to_size(task.table.num_voters));
    return model;
  }
};

}  // namespace

const Method& majority() {
  static const Majority kMethod;
  return kMethod;
}

}  // namespace kith::label_model
