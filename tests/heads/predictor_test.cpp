#include <algorithm>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "kith/core/half.hpp"
#include "kith/core/parallel.hpp"
#include "kith/distance/target.hpp"
#include "kith/heads/heads.hpp"

#include "heads/samples.hpp"

namespace kith::heads {
namespace {

/// Those on which the results of this test program may depend.
class Machine {
 public:
  Machine() : target_{distance::target_name()}, threads_{num_threads()} {}
  ~Machine() {
    distance::use_target(target_);
    set_num_threads(threads_);
  }
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

 private:
  std::string target_;
  int threads_;
};

TEST(Predictor, KeepsTheLargestOfManyClasses) {
  for (const Method* method : methods()) {
    const TrainingSet training = clouds(40, 2, 16, 0);
    const Model model = method->fit(training, {}).model;
    const auto all = predict(model, training.vectors);
    const auto some = predict(model, training.vectors, 3);
    for (std::size_t row = 0; row < some.size(); ++row) {
      std::vector<float> values(all[row].values.begin(), all[row].values.end());
      std::vector<int> order(values.size());
      std::iota(order.begin(), order.end(), 0);
      std::stable_sort(order.begin(), order.end(),
                       [&](int a, int b) { return values[to_size(a)] > values[to_size(b)]; });
      const LabelRow<float> named_row = some[row];
      ASSERT_EQ(named_row.values.size(), 3U);
      double left = 1;
      for (std::size_t place = 0; place < 3; ++place) {
        EXPECT_EQ(named_row.label(place).value(), order[place]) << method->name();
        EXPECT_EQ(named_row.values[place], values[to_size(order[place])]);
        left -= double{named_row.values[place]};
      }
      EXPECT_NEAR(named_row.other, left / 37, 1e-6) << method->name();
    }
  }
}

TEST(Predictor, GivesTheSameBytesOnEveryTargetAndNumberOfThreads) {
  const Machine guard;
  for (const Method* method : methods()) {
    const TrainingSet training = clouds(21, 20, 37, 3);  // more than one panel of classes
    FitConfig config{.unit_rows = true};
    if (method->name() == "softmax_regression") {
      config.parameters["c"] = 0.1;
    }
    set_num_threads(1);
    const Fits fits = method->fit(training, config);
    const auto expected = predict(fits.model, training.vectors);
    set_num_threads(3);
    const Fits again = method->fit(training, config);
    EXPECT_TRUE(fits.model.weights == again.model.weights) << method->name();
    EXPECT_TRUE(fits.model.biases == again.model.biases) << method->name();
    EXPECT_TRUE(fits.model.parameters == again.model.parameters) << method->name();
    for (const std::string& target : distance::available_targets()) {
      distance::use_target(target);
      const auto rows = predict(fits.model, training.vectors);
      EXPECT_TRUE(rows.values == expected.values) << method->name() << " on " << target;
      // One row alone, and behind others.
      LabelRows<float> two{21, 21};
      two.resize(2);
      Predictor{fits.model}.predict(distance::RowType::f32, std::as_bytes(training.row(100)), two,
                                    1);
      const auto last = two[1].values;
      EXPECT_TRUE(std::equal(last.begin(), last.end(), rows[100].values.begin())) << target;
    }
  }
}

TEST(Predictor, TakesHalves) {
  for (const Method* method : methods()) {
    TrainingSet training = clouds(3, 50, 10, 0);
    std::vector<std::uint16_t> halves(training.vectors.size());
    float_to_half(training.vectors, halves);
    half_to_float(halves, training.vectors);
    const Model model = method->fit(training, {.unit_rows = true}).model;

    LabelRows<float> rows{3, 3};
    rows.resize(150);
    Predictor{model}.predict(distance::RowType::f16, std::as_bytes(std::span{halves}), rows, 0);
    EXPECT_TRUE(rows.values == predict(model, training.vectors).values) << method->name();
  }
}

}  // namespace
}  // namespace kith::heads
