/// Heads: supervised models on the vectors, learned from the seeds. One object a method:
/// configuration, help, validation and report follow from it. To add one: its file under
/// src/heads/methods/, its line in the registry (src/heads/methods/registry.cpp).
///
/// Nothing here communicates. Learning uses one BLAS thread a call and does not depend on the
/// number of threads; it may differ in the last bits between types of machine. So one rank learns,
/// and the others get its models.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kith/core/label_rows.hpp"
#include "kith/core/parameter.hpp"
#include "kith/core/types.hpp"
#include "kith/distance/rows.hpp"

namespace kith::heads {

struct Task;  // what a method is asked for: src/heads/task.hpp

/// How much a class counts.
enum class ClassWeights {
  none,      // as much as the weights of its seeds
  balanced,  // as much as every other class that has a seed
};

/// That a row has a label, with a weight. A soft seed has several, one a label.
struct SeedLabel {
  std::int32_t row = 0;
  Label label;
  float weight = 1;
};

/// What a head learns from.
struct TrainingSet {
  Count dim = 0;
  int num_classes = 0;
  std::vector<float> vectors;        // rows x dim, finite
  std::vector<SeedLabel> labels;     // weights above 0; a weight of 2 is as much as two equal rows
  std::vector<int> folds;            // one a row, -1: never held out; or empty: none is
  std::vector<float> class_vectors;  // num_classes x dim, or empty: directions of the classes

  [[nodiscard]] Count num_rows() const { return dim > 0 ? count_of(vectors) / dim : 0; }
  [[nodiscard]] std::span<const float> row(Count index) const {
    return std::span{vectors}.subspan(to_size(index * dim), to_size(dim));
  }
};

struct FitConfig {
  ClassWeights class_weights = ClassWeights::none;
  bool unit_rows = false;  // rows are divided by their length first: what is near is the cosine
  std::map<std::string, double> parameters = {};  // by name; others have their fallback

  bool operator==(const FitConfig&) const = default;
};

/// A head that has learned. All of it can be stored: the arrays, and the parameters by name.
struct Model {
  std::string method;
  int num_classes = 0;
  Count dim = 0;
  bool unit_rows = false;
  /// What was set or chosen, as the report shows it: "C", "tau", "bandwidth", ...
  std::map<std::string, double> parameters;

  /// Linear methods: probabilities are softmax(weights x + biases), standardization included.
  std::vector<float> weights;  // num_classes x dim
  std::vector<float> biases;   // num_classes; -infinity: never predicted, it has no seed

  /// Nearest seeds: their vectors and labels.
  std::vector<float> seed_vectors;  // rows x dim
  std::vector<SeedLabel> seed_labels;

  [[nodiscard]] bool is_linear() const { return !weights.empty(); }
};

struct Fits {
  Model model;               // of all rows
  std::vector<Model> folds;  // the f-th has not learned from rows of fold f; 0..largest fold
  double log_loss = 0;       // of the held-out rows, a unit of weight; 0 where none was held out
};

struct MethodFacts {
  std::string name;      // in configurations, files and reports
  std::string citation;  // as a methods section names it
  std::vector<Parameter> parameters = {};
  bool takes_class_vectors = false;  // and then needs no seeds
  bool keeps_rows = false;  // the rows are the model: an item is compared with each of them
};

class Method {
 public:
  explicit Method(MethodFacts facts) : facts_{std::move(facts)} {}
  virtual ~Method() = default;
  Method(const Method&) = delete;
  Method& operator=(const Method&) = delete;

  [[nodiscard]] const MethodFacts& facts() const { return facts_; }
  [[nodiscard]] const std::string& name() const { return facts_.name; }
  [[nodiscard]] bool takes(std::string_view parameter) const;

  /// Learns from all rows, and once without each fold. What is not set (parameters that are 0 and
  /// say so) has the smallest log-loss on the held-out rows of all folds together, weighted as
  /// learning weights them; so a model without fold f has seen that fold through these one or two
  /// numbers only. Without folds it has a fixed default. Classes without a seed get probability 0,
  /// unless class vectors are given.
  /// Linear models are multiplied with one number, so that they are as sure as they should be on
  /// held-out rows. Throws Error if there is nothing to learn from, or if the training set is not
  /// as described. Uses the threads of parallel_for.
  ///
  /// Cost with F folds, in products of rows x dim x classes: softmax_regression some 200 F; lda
  /// 2 F rows x dim^2 and F dim^3 / 3; the others F. Memory: 3 times the vectors;
  /// softmax_regression 50 + 6 F models, others F + 3.
  [[nodiscard]] Fits fit(const TrainingSet& training, const FitConfig& config) const;

 private:
  [[nodiscard]] virtual Fits learn(const Task& task) const = 0;

  MethodFacts facts_;
};

/// All methods, in the order of their names in help texts.
[[nodiscard]] std::span<const Method* const> methods();
/// nullptr: there is none of that name.
[[nodiscard]] const Method* find_method(std::string_view name);
/// Each parameter of any method once.
[[nodiscard]] std::vector<Parameter> all_parameters();

/// A model, packed for many rows.
class Predictor {
 public:
  /// model: as fit() made it or as it was loaded; copied as far as it is needed.
  explicit Predictor(const Model& model);
  ~Predictor();
  Predictor(Predictor&& other) noexcept;
  Predictor& operator=(Predictor&& other) noexcept;
  Predictor(const Predictor&) = delete;
  Predictor& operator=(const Predictor&) = delete;

  /// Probabilities of consecutive rows into out[first], out[first + 1], ... which exist: all
  /// classes, or the largest that fit there, ties to the smaller class, and the mean of what is
  /// left as `other`. rows: elements of `type`, dim each. A row's result does not depend on other
  /// rows, threads or the instruction set. Uses the threads of parallel_for: give it thousands of
  /// rows at a time.
  void predict(distance::RowType type, std::span<const std::byte> rows, LabelRows<float>& out,
               std::size_t first) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kith::heads
