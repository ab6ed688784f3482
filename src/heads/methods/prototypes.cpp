#include <algorithm>
#include <cmath>
#include <limits>

#include "heads/methods/registry.hpp"
#include "heads/sharpness.hpp"
#include "heads/task.hpp"
#include "heads/unit_length.hpp"

namespace kith::heads {
namespace {

const Parameter kTau{.name = "tau",
                     .help = "sharpness of the similarity to a class; 0: chosen on held-out seeds",
                     .fallback = 0,
                     .range = {1e-6, 1e6, true}};

/// One direction a class. A row's score is x.t - |t|^2 / 2: the nearest has the largest.
struct Directions {
  std::vector<Label> classes;
  std::vector<float> vectors;  // classes x dim
  std::vector<float> offsets;  // -|t|^2 / 2
};

std::vector<float> offsets_of(std::span<const float> vectors, Count dim) {
  std::vector<float> offsets;
  for (std::size_t begin = 0; begin < vectors.size(); begin += to_size(dim)) {
    double square = 0;
    for (const float value : vectors.subspan(begin, to_size(dim))) {
      square += double{value} * double{value};
    }
    offsets.push_back(static_cast<float>(-square / 2));
  }
  return offsets;
}

/// The means of the classes of a part; of length 1 if rows are. Classes without rows: infinitely
/// far.
Directions class_means(const Part& part, const FitConfig& config) {
  const Data& data = *part.data;
  const std::size_t dim = to_size(data.dim);
  std::vector<double> sums(data.classes.size() * dim, 0.0);
  std::vector<double> totals(data.classes.size(), 0.0);
  for (const RowRange& range : part.ranges) {
    for (Count row = range.begin; row < range.end; ++row) {
      for (const Target& target : data.targets_of(row)) {
        const std::size_t k = to_size(target.column);
        totals[k] += target.weight;
        for (std::size_t i = 0; i < dim; ++i) {
          sums[k * dim + i] += target.weight * double{data.row(row)[i]};
        }
      }
    }
  }
  Directions directions{data.classes, std::vector<float>(sums.size(), 0.0F), {}};
  for (std::size_t at = 0; at < sums.size(); ++at) {
    const double total = totals[at / dim];
    directions.vectors[at] = total > 0 ? static_cast<float>(sums[at] / total) : 0.0F;
  }
  if (config.unit_rows) {
    to_unit_length(directions.vectors, data.dim);
  }
  directions.offsets = offsets_of(directions.vectors, data.dim);
  for (std::size_t k = 0; k < totals.size(); ++k) {
    if (totals[k] <= 0) {
      directions.offsets[k] = -std::numeric_limits<float>::infinity();
    }
  }
  return directions;
}

Directions given_directions(const TrainingSet& training, const FitConfig& config) {
  Directions directions{{}, training.class_vectors, {}};
  for (std::int32_t k = 0; k < training.num_classes; ++k) {
    directions.classes.push_back(Label{k});
  }
  if (config.unit_rows) {
    to_unit_length(directions.vectors, training.dim);
  }
  directions.offsets = offsets_of(directions.vectors, training.dim);
  return directions;
}

/// Those of the classes that have a seed, a column each.
Directions of_columns(const Directions& all, const Data& data) {
  const std::size_t dim = to_size(data.dim);
  Directions some{data.classes, {}, {}};
  for (const Label label : data.classes) {
    const auto begin = all.vectors.begin() + static_cast<std::ptrdiff_t>(to_size(label) * dim);
    some.vectors.insert(some.vectors.end(), begin, begin + static_cast<std::ptrdiff_t>(dim));
    some.offsets.push_back(all.offsets[to_size(label)]);
  }
  return some;
}

/// Where nothing is known of it: a number for rows of length 1, and alike for others by their
/// spread. Means of few seeds lie far from their class; given vectors do not.
double usual_tau(const Task& task) {
  constexpr double kOfMeans = 6;
  constexpr double kOfGiven = 20;
  const double usual = task.training.class_vectors.empty() ? kOfMeans : kOfGiven;
  if (task.config.unit_rows) {
    return usual;
  }
  const std::vector<float>& rows =
      task.data.rows.empty() ? task.training.class_vectors : task.data.rows;
  const std::size_t dim = to_size(task.data.dim);
  const auto num_rows = static_cast<double>(rows.size() / dim);
  double spread = 0;
  for (std::size_t i = 0; i < dim; ++i) {
    double sum = 0;
    double squares = 0;
    for (std::size_t at = i; at < rows.size(); at += dim) {
      const double away = double{rows[at]} - double{rows[i]};
      sum += away;
      squares += away * away;
    }
    spread += std::max(0.0, squares - sum * sum / num_rows) / num_rows;
  }
  return spread > 0 ? usual / spread : usual;
}

Model model_of(const Data& data, const Directions& directions, const Sharpness& sharpness) {
  Model model = empty_model(data);
  const std::size_t dim = to_size(data.dim);
  model.weights.assign(to_size(data.num_classes) * dim, 0.0F);
  model.biases.assign(to_size(data.num_classes), -std::numeric_limits<float>::infinity());
  for (std::size_t k = 0; k < directions.classes.size(); ++k) {
    const std::size_t label = to_size(directions.classes[k]);
    for (std::size_t i = 0; i < dim; ++i) {
      model.weights[label * dim + i] =
          static_cast<float>(sharpness.tau * double{directions.vectors[k * dim + i]});
    }
    model.biases[label] =
        static_cast<float>(sharpness.shifts[k] + sharpness.tau * double{directions.offsets[k]});
  }
  model.parameters[kTau.name] = sharpness.tau;
  return model;
}

class Prototypes : public Method {
 public:
  Prototypes()
      : Method{{.name = "prototypes",
                .citation = "J. Snell, K. Swersky, R. Zemel, NIPS 30 (2017): class means; A. "
                            "Radford et al., ICML 38 (2021): given class vectors",
                .parameters = {kTau},
                .takes_class_vectors = true}} {}

 private:
  [[nodiscard]] Fits learn(const Task& task) const override {
    return task.training.class_vectors.empty() ? learn_means(task) : learn_shifts(task);
  }

  [[nodiscard]] static Fits learn_means(const Task& task) {
    const Data& data = task.data;
    const Part whole = task.part(-1);
    std::vector<Directions> of_folds;
    ScoredRows held_out{data.num_columns(), {}, {0}, {}};
    const Count step = scoring_step(data);
    for (int fold = 0; fold < data.num_folds(); ++fold) {
      of_folds.push_back(class_means(task.part(fold), task.config));
      add_scores(whole, data.fold_rows[to_size(fold)], step, of_folds.back().vectors,
                 of_folds.back().offsets, held_out);
    }
    Sharpness sharpness = fit_sharpness(held_out, usual_tau(task), false);
    if (task.parameter(kTau) > 0) {
      sharpness.tau = task.parameter(kTau);
    }
    Fits fits;
    fits.model = model_of(data, class_means(whole, task.config), sharpness);
    for (const Directions& directions : of_folds) {
      fits.folds.push_back(model_of(data, directions, sharpness));
    }
    return fits;
  }

  /// With given directions nothing else is learned, so each part has its own tau and shifts.
  [[nodiscard]] static Fits learn_shifts(const Task& task) {
    const Directions directions = given_directions(task.training, task.config);
    Fits fits;
    fits.model = model_of(task.data, directions, shifts_of(task, -1, directions));
    for (int fold = 0; fold < task.data.num_folds(); ++fold) {
      fits.folds.push_back(model_of(task.data, directions, shifts_of(task, fold, directions)));
    }
    return fits;
  }

  /// Classes without a seed keep shift 0, which is the middle of the others' by their penalty.
  [[nodiscard]] static Sharpness shifts_of(const Task& task, int fold,
                                           const Directions& directions) {
    const Data& data = task.data;
    Sharpness sharpness{usual_tau(task), std::vector<double>(directions.classes.size(), 0.0)};
    if (data.num_rows() > 0) {
      const Part part = task.part(fold);
      const Directions seeded = of_columns(directions, data);
      ScoredRows scored{data.num_columns(), {}, {0}, {}};
      for (const RowRange& range : part.ranges) {
        add_scores(part, range, scoring_step(data), seeded.vectors, seeded.offsets, scored);
      }
      const Sharpness found = fit_sharpness(scored, sharpness.tau, true);
      sharpness.tau = found.tau;
      for (std::size_t column = 0; column < data.classes.size(); ++column) {
        sharpness.shifts[to_size(data.classes[column])] = found.shifts[column];
      }
    }
    if (task.parameter(kTau) > 0) {
      sharpness.tau = task.parameter(kTau);
    }
    return sharpness;
  }
};

}  // namespace

const Method& prototypes() {
  static const Prototypes kMethod;
  return kMethod;
}

}  // namespace kith::heads
