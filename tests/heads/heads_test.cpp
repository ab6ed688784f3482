#include "kith/heads/heads.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kith/core/error.hpp"

#include "heads/samples.hpp"

namespace kith::heads {
namespace {

/// Rows as the scripts behind the golden values make them: a wave, and a bump by class.
std::vector<float> waves(int begin, int end, int dim) {
  std::vector<float> rows;
  for (int i = begin; i < end; ++i) {
    for (int j = 0; j < dim; ++j) {
      const double wave = std::sin(0.7 * (i + 1) * (j + 1));
      rows.push_back(static_cast<float>(wave) + (j == i % 3 ? 0.5F : 0.0F));
    }
  }
  return rows;
}

/// Twelve rows of three uneven classes.
TrainingSet uneven_waves(int dim) {
  const std::vector<int> labels{0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 0};
  TrainingSet training{dim, 3, waves(0, 12, dim), {}, {}, {}};
  for (std::size_t i = 0; i < labels.size(); ++i) {
    training.labels.push_back({static_cast<std::int32_t>(i), Label{labels[i]}, 1.0F});
  }
  return training;
}

testing::Matcher<std::vector<float>> near(const std::vector<float>& values, float tolerance) {
  return testing::Pointwise(testing::FloatNear(tolerance), values);
}

struct Golden {
  std::string method;
  int dim;
  ClassWeights class_weights;
  std::vector<float> probabilities;  // of three more rows
};

TEST(Heads, AgreeWithScikitLearnOnStandardizedRows) {
  const auto none = ClassWeights::none;
  const auto balanced = ClassWeights::balanced;
  // LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto"), its decisions times min(1, 6 /
  // dim) before softmax; LogisticRegression(C=0.5); version 1.2, after StandardScaler.
  const std::vector<Golden> golden{
      {"lda", 3, none, {.999877F, 0, .000123F, 0, 1, 0, .005876F, 0, .994124F}},
      {"lda", 3, balanced, {.999969F, 0, .000031F, 0, 1, 0, .001414F, 0, .998586F}},
      {"lda", 20, none, {.999087F, 0, .000913F, 0, 1, 0, .099257F, 0, .900743F}},
      {"lda", 20, balanced, {.999625F, 0, .000375F, 0, 1, 0, .085453F, 0, .914547F}},
      {"softmax_regression",
       3,
       none,
       {.683374F, .068022F, .248605F, .057199F, .816209F, .126592F, .310078F, .202034F, .487888F}},
      {"softmax_regression",
       3,
       balanced,
       {.569185F, .070748F, .360067F, .051244F, .804732F, .144024F, .233414F, .17672F, .589866F}},
      {"softmax_regression",
       20,
       none,
       {.937934F, .00754F, .054526F, .05279F, .845414F, .101797F, .391481F, .186313F, .422206F}},
      {"softmax_regression",
       20,
       balanced,
       {.919747F, .007373F, .07288F, .043068F, .851038F, .105895F, .342521F, .168923F, .488556F}},
  };

  for (const Golden& expected : golden) {
    FitConfig config{.class_weights = expected.class_weights};
    if (expected.method == "softmax_regression") {
      config.parameters["c"] = 0.5;
    }
    const Fits fits = named(expected.method).fit(uneven_waves(expected.dim), config);
    const auto rows = predict(fits.model, waves(12, 15, expected.dim));
    EXPECT_THAT(rows.values, near(expected.probabilities, 2e-4F))
        << expected.method << " " << expected.dim;
  }
}

TEST(Heads, LearnAsMuchFromAWeightOfTwoAsFromTwoRows) {
  for (const std::string name : {"softmax_regression", "lda", "prototypes"}) {
    TrainingSet weighted = clouds(3, 8, 5, 4);
    TrainingSet doubled = weighted;
    for (const int row : {0, 4, 9}) {
      weighted.labels[to_size(row)].weight = 2;
      const auto vector = weighted.row(row);
      doubled.vectors.insert(doubled.vectors.end(), vector.begin(), vector.end());
      doubled.labels.push_back({static_cast<std::int32_t>(doubled.folds.size()),
                                weighted.labels[to_size(row)].label, 1.0F});
      doubled.folds.push_back(weighted.folds[to_size(row)]);
    }

    const Fits once = named(name).fit(weighted, {});
    const Fits twice = named(name).fit(doubled, {});
    EXPECT_THAT(predict(once.model, weighted.vectors).values,
                near(predict(twice.model, weighted.vectors).values, 2e-3F))
        << name;
    EXPECT_NEAR(once.log_loss, twice.log_loss, 1e-3) << name;
  }
}

TEST(Heads, LearnFromSoftSeeds) {
  for (const Method* method : methods()) {
    TrainingSet training = clouds(2, 10, 4, 0);
    training.labels[0].weight = 0.2F;
    training.labels.push_back({0, Label{1}, 0.8F});

    const auto soft = predict(method->fit(training, {}).model, training.vectors);
    training.labels.pop_back();
    const auto hard = predict(method->fit(training, {}).model, training.vectors);
    EXPECT_GT(soft[0][Label{1}], hard[0][Label{1}]) << method->name();
  }
}

TEST(Heads, OfAFoldHaveNotSeenIt) {
  for (const Method* method : methods()) {
    const TrainingSet training = clouds(3, 10, 6, 3);
    TrainingSet changed = training;  // rows of fold 1 say something else, and lie elsewhere
    for (std::size_t row = 0; row < training.folds.size(); ++row) {
      if (training.folds[row] == 1) {
        changed.labels[row].label = Label{0};
        for (std::size_t j = 0; j < 6; ++j) {
          changed.vectors[row * 6 + j] *= 3;
        }
      }
    }
    FitConfig config;
    for (const Parameter& parameter : method->facts().parameters) {
      config.parameters[parameter.name] = parameter.name == "neighbors" ? 5 : 0.5;
    }

    const Model before = method->fit(training, config).folds.at(1);
    const Model after = method->fit(changed, config).folds.at(1);
    const auto rows = predict(before, training.vectors);
    const auto others = predict(after, training.vectors);
    for (std::size_t row = 0; row < rows.size(); ++row) {
      const auto winner = [&](const LabelRows<float>& from) {
        const auto values = from[row].values;
        return std::max_element(values.begin(), values.end()) - values.begin();
      };
      EXPECT_EQ(winner(rows), winner(others)) << method->name();
    }
    if (before.is_linear()) {  // but for one factor, sharpness
      const float factor = after.weights[0] / before.weights[0];
      for (std::size_t at = 0; at < before.weights.size(); ++at) {
        EXPECT_NEAR(after.weights[at], factor * before.weights[at],
                    1e-4 * std::abs(after.weights[at]) + 1e-5)
            << method->name();
      }
    } else {
      EXPECT_EQ(before.seed_vectors, after.seed_vectors);
    }
  }
}

TEST(Heads, ChooseWhatServesHeldOutRows) {
  for (const Method* method : methods()) {
    const Fits fits = method->fit(clouds(3, 30, 8, 5), {});
    const TrainingSet others = clouds(3, 200, 8, 0, 2);
    const auto rows = predict(fits.model, others.vectors);
    double log_loss = 0;
    int right = 0;
    for (std::size_t row = 0; row < rows.size(); ++row) {
      const auto values = rows[row].values;
      const Label label = others.labels[row].label;
      const auto best = std::max_element(values.begin(), values.end()) - values.begin();
      right += best == label.value() ? 1 : 0;
      log_loss -= std::log(double{rows[row][label]}) / static_cast<double>(rows.size());
    }
    EXPECT_GT(right, 510) << method->name();
    EXPECT_NEAR(fits.log_loss, log_loss, 0.12) << method->name();
    EXPECT_EQ(fits.folds.size(), 5U) << method->name();
  }
}

/// As hard a case as one can get: fewer rows than dimensions, a class of one row, classes without,
/// a column that is the same everywhere, and one that is the same within each class.
TrainingSet poor() {
  TrainingSet training = clouds(3, 3, 12, 0);
  training.num_classes = 7;
  for (std::size_t row = 0; row < 9; ++row) {
    training.labels[row].label = Label{2 * training.labels[row].label.value() + 1};
    training.folds[row] = row < 6 ? static_cast<int>(row % 2) : -1;
    training.vectors[row * 12 + 3] = 1e4F;
    training.vectors[row * 12 + 7] = static_cast<float>(row % 3);
  }
  training.vectors.resize(std::size_t{7} * 12);  // one row of the class 1 less, one of class 5
  training.labels.resize(7);
  training.folds.resize(7);
  training.labels[4].label = Label{1};  // and class 3 has one
  training.folds[1] = -1;
  return training;
}

TEST(Heads, CopeWithFewSeeds) {
  for (const bool unit_rows : {false, true}) {
    for (const Method* method : methods()) {
      const TrainingSet training = poor();
      const Fits fits = method->fit(training, {.unit_rows = unit_rows});
      for (const Model& model : {fits.model, fits.folds.at(0), fits.folds.at(1)}) {
        const auto rows = predict(model, training.vectors);
        for (std::size_t row = 0; row < rows.size(); ++row) {
          const auto values = rows[row].values;
          EXPECT_NEAR(std::accumulate(values.begin(), values.end(), 0.0), 1, 1e-5)
              << method->name();
          for (const int empty : {0, 2, 4, 6}) {
            EXPECT_EQ(rows[row][Label{empty}], 0) << method->name();
          }
        }
      }
      EXPECT_TRUE(std::isfinite(fits.log_loss)) << method->name();
    }
  }
}

TEST(Heads, LearnFromOneSeedAClass) {
  for (const Method* method : methods()) {
    const TrainingSet training = clouds(4, 1, 30, 5);  // a fold each: the others lack its class
    const auto rows = predict(method->fit(training, {}).model, training.vectors);
    for (std::size_t row = 0; row < 4; ++row) {
      const auto values = rows[row].values;
      EXPECT_EQ(std::max_element(values.begin(), values.end()) - values.begin(),
                static_cast<std::ptrdiff_t>(row))
          << method->name();
    }
  }
}

TEST(Prototypes, NeedNoSeedsWhereClassVectorsAreGiven) {
  TrainingSet training{2, 3, {}, {}, {}, {2, 0, 0, 1, -3, 0}};
  FitConfig config{.unit_rows = true};
  const auto rows = predict(named("prototypes").fit(training, config).model, std::vector{5.F, 1.F});
  // 20 times the cosines
  const std::vector<double> logits{20 * 5 / std::sqrt(26), 20 / std::sqrt(26),
                                   -20 * 5 / std::sqrt(26)};
  EXPECT_NEAR(std::log(double{rows[0][Label{0}]} / double{rows[0][Label{1}]}),
              logits[0] - logits[1], 1e-4);

  // Seeds of class 1 near class 0 shift it; class 2 has none and stays possible.
  training.vectors = {1, 0, 1, 0.1F, 1, 0.2F, 1, 0.3F};
  for (const int row : {0, 1, 2, 3}) {
    training.labels.push_back({row, Label{row == 0 ? 0 : 1}, 1.0F});
  }
  const Model shifted = named("prototypes").fit(training, config).model;
  const auto after = predict(shifted, std::vector{5.F, 1.F});
  EXPECT_GT(after[0][Label{1}], rows[0][Label{1}]);
  EXPECT_GT(predict(shifted, std::vector{-1.F, 0.F})[0][Label{2}], 0.5F);
}

TEST(Heads, SayWhatIsWrong) {
  const auto message = [](const std::string& name, const TrainingSet& training,
                          const FitConfig& config) {
    try {
      static_cast<void>(named(name).fit(training, config));
    } catch (const Error& error) {
      return std::string{error.what()};
    }
    return std::string{};
  };
  const TrainingSet good = clouds(2, 3, 2, 3);
  TrainingSet none = good;
  none.labels.clear();
  EXPECT_EQ(message("lda", none, {}), "lda: there is no seed to learn from");
  TrainingSet one_fold = good;
  std::fill(one_fold.folds.begin(), one_fold.folds.end(), 0);
  EXPECT_THAT(message("prototypes", one_fold, {}), testing::HasSubstr("one fold has all seeds"));
  TrainingSet infinite = good;
  infinite.vectors[3] = INFINITY;
  EXPECT_THAT(message("lda", infinite, {}), testing::HasSubstr("not finite"));
  EXPECT_THAT(message("lda", good, {.parameters = {{"tau", 1}}}),
              testing::HasSubstr("lda: tau = 1 is no parameter of it"));
  EXPECT_THAT(message("nearest_seed_vectors", good, {.parameters = {{"neighbors", 1.5}}}),
              testing::HasSubstr("neighbors = 1.5"));
  EXPECT_EQ(find_method("no such"), nullptr);
}

}  // namespace
}  // namespace kith::heads
