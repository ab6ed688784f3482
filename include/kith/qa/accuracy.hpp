/// How often labels are right, from counts of (true class, stated class).
#pragma once

#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "kith/comm/communicator.hpp"
#include "kith/core/types.hpp"
#include "kith/qa/intervals.hpp"

namespace kith::qa {

/// Tables of class by class are made for up to so many classes.
inline constexpr int kTableClasses = 256;

/// Items of one true class with one stated label; none = abstained.
struct ConfusionCount {
  Label truth;
  Label stated;
  Count items = 0;
};

/// How often which class is stated as which. Memory: the pairs that occur.
class Confusion {
 public:
  explicit Confusion(int num_classes = 0) : num_classes_{num_classes} {}

  [[nodiscard]] int num_classes() const { return num_classes_; }
  /// stated: none = abstained.
  void add(Label truth, Label stated, Count items = 1) { counts_[{truth, stated}] += items; }
  /// Items whose truth is none are left out. Does not communicate.
  void add_all(std::span<const Label> truth, std::span<const Label> stated);
  /// Collective. Adds up over ranks, in place.
  void sum_over(const comm::Communicator& comm);

  /// The pairs that occur, by true and then by stated class, none first.
  [[nodiscard]] std::vector<ConfusionCount> counts() const;
  /// [true class][stated class]; the last column counts items without a stated label. Empty with
  /// more than kTableClasses classes.
  [[nodiscard]] std::vector<std::vector<Count>> table() const;

 private:
  int num_classes_;
  std::map<std::pair<Label, Label>, Count> counts_;
};

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
