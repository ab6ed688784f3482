/// How often labels are right, from counts of (true class, stated class).
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "kith/comm/communicator.hpp"
#include "kith/core/types.hpp"
#include "kith/qa/intervals.hpp"

namespace kith::qa {

/// [true class][stated class] counts; the last column counts items without a stated label.
using Confusion = std::vector<std::vector<Count>>;

[[nodiscard]] Confusion empty_confusion(int num_classes);
/// stated: none = abstained. Items whose truth is none are left out. Does not communicate.
void count_confusion(std::span<const Label> truth, std::span<const Label> stated,
                     Confusion& confusion);
/// Collective. Adds up over ranks, in place.
void sum_confusion(const comm::Communicator& comm, Confusion& confusion);

/// One class. Precision: of items stated as this class. Recall: of items that are this class; an
/// item without a stated label counts as missed.
struct ClassAccuracy {
  Proportion precision;
  Proportion recall;
  std::optional<double> f1;
};

struct Accuracy {
  Proportion overall;  // of items with a stated label
  Count abstained = 0;
  std::optional<double> macro_f1;  // over classes that occur
  std::vector<ClassAccuracy> classes;
};
[[nodiscard]] Accuracy measure_accuracy(const Confusion& confusion);

}  // namespace kith::qa
